// Runs the conformance suite of this kind over every plugin found.
import { cacheStoreSuite } from '../../core/sdk/testing/index.js';
import { hasRedisServer } from '../../plugins/cache-store/redis/harness-server.js';
import { eachPlugin } from './each-plugin.js';

eachPlugin('cache-store', cacheStoreSuite, hasRedisServer() ? {} : { redis: 'redis-server is not installed' });
