// Runs the conformance suite of this kind over every plugin found.
import { cacheStoreSuite } from '../../core/sdk/testing/index.js';
import { eachPlugin } from './each-plugin.js';

eachPlugin('cache-store', cacheStoreSuite);
