/**
 * Owns what a single executable runs first: it picks one of the programs inside and runs that. The counterpart is
 * src/lib/single-file.ts. Plain CommonJS, because Node 24 takes nothing else for this file.
 */
'use strict'
const path = require('node:path')
const { getAsset, getRawAsset } = require('node:sea')
const { Script } = require('node:vm')

const FLAG = '--procwarden.program='

const first = process.argv[2]
const asked = first?.startsWith(FLAG) ? first.slice(FLAG.length) : 'cli'
if (asked !== 'cli') process.argv.splice(2, 1)

const cachedData = new Uint8Array(getRawAsset(`${asked}.cache`))
const script = new Script(getAsset(`${asked}.cjs`, 'utf8'), { filename: `${asked}.cjs`, cachedData })
const ownModule = { exports: {} }
script.runInThisContext()(require, ownModule, ownModule.exports, process.execPath, path.dirname(process.execPath))
