#!/usr/bin/env node
/**
 * The command's first file: says clearly what is missing when Node is too old, and hands over to start.js when not.
 *
 * Written so that every Node from version 8 on can read it: no syntax newer than 2017, nothing loaded before the check.
 */
'use strict';

var needed = [22, 18];
var found = /^v(\d+)\.(\d+)/.exec(process.version) || ['', '0', '0'];
var major = Number(found[1]);
var minor = Number(found[2]);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    'error: mcp-rotate needs Node ' +
      needed.join('.') +
      ' or newer; this is ' +
      process.version +
      ' (' +
      process.execPath +
      ')\n' +
      'state: nothing was read or changed\n' +
      ' next: install a newer Node from https://nodejs.org/en/download, or run: npx --package node@24 --package mcp-rotate mcp-rotate\n',
  );
  process.exitCode = 2;
} else {
  require('./start.js');
}
