/**
 * Owns compiling a bundled program ahead, so that a single executable need not at each start: SOURCE in, V8's cache out. Run by the Node
 * and with the flags that the executable has, for V8 takes a cache of its own kind only. Usage: node FLAGS compile-program.cjs SOURCE CACHE
 */
'use strict'
const { readFileSync, writeFileSync } = require('node:fs')
const { Script } = require('node:vm')

const [, , source = '', cache = ''] = process.argv
writeFileSync(cache, new Script(readFileSync(source, 'utf8')).createCachedData())
