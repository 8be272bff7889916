// undici's pool by its own module: a third of the load time of the package root (libraries page, T9). The version is pinned exactly.
// Declared as far as transport.ts uses it.
declare module 'undici/lib/dispatcher/pool.js' {
  export default class Pool {
    constructor(origin: string, options: object);
    dispatch(options: object, handler: object): boolean;
    close(): Promise<void>;
  }
}
