/**
 * Owns how Node's HTTP is loaded where memory counts. `import ... from 'node:http'` reads every export, and with the getter of
 * WebSocket it loads undici, TLS and all of crypto: 6 MB that a server never uses (Node 24.21).
 */
export const { createServer, request } = process.getBuiltinModule('node:http')
