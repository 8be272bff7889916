// undici's pool by its own module: a third of the load time of the package root (libraries page, T9). The version is pinned exactly.
declare module 'undici/lib/dispatcher/pool.js' {
  const Pool: typeof import('undici').Pool;
  export default Pool;
}
