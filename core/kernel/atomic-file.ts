// Atomic replacement of files for the core; the code is the SDK's, because sinks need the same.
export { checkReplaceable, replaceFile, type FileAttributes } from '../sdk/index.js';
