// Runs the conformance suite of this kind over every plugin found.
import { authMethodSuite } from '../../core/sdk/testing/index.js';
import { eachPlugin } from './each-plugin.js';

eachPlugin('auth-method', authMethodSuite);
