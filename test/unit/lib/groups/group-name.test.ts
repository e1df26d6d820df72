import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  GROUP_NAME_LENGTH_MAX,
  explainGroupName,
  groupNameOf,
  type GroupMatcher,
  type GroupSubject,
} from '../../../../src/lib/groups/group-name.ts'

const run = (exe: string, ...args: string[]): GroupSubject => ({ comm: exe.split('/').at(-1) ?? exe, exe, cmdline: [exe, ...args] })

describe('an interpreter is named by what it runs', () => {
  test.each([
    ['/usr/bin/python3.11', ['/opt/memory_daemon.py'], 'memory_daemon.py'],
    ['/usr/bin/python3', ['-u', '-W', 'ignore', 'a/b.py', '-m', 'x'], 'b.py'],
    ['/usr/bin/python3', ['-m', 'http.server', '8000'], 'http.server'],
    ['/usr/bin/python3', ['-c', 'import os', 'x.py'], 'python3'],
    ['/usr/bin/python3', ['-Ic', 'pass'], 'python3'],
    ['/usr/bin/python3', ['-'], 'python3'],
    ['/usr/bin/python3', [], 'python3'],
    ['/usr/bin/node', ['--max-old-space-size=100', '--import', 'tsx', '/srv/app/server.js', '--port', '1'], 'server.js'],
    ['/usr/bin/node', ['-r', 'dotenv/config', 'x.js'], 'x.js'],
    ['/usr/bin/node', ['--eval', 'x', 'y.js'], 'node'],
    ['/usr/bin/node', ['inspect', 'x.js'], 'x.js'],
    ['/usr/bin/node', ['--', '--odd.js'], '--odd.js'],
    ['/bin/bash', ['-e', '/usr/local/bin/backup.sh', '-c'], 'backup.sh'],
    ['/bin/bash', ['-o', 'pipefail', 'x.sh'], 'x.sh'],
    ['/bin/bash', ['-c', 'while :; do touch x; done'], 'bash'],
    ['/bin/bash', ['-lc', 'x'], 'bash'],
    ['/bin/bash', ['/dev/fd/63'], 'bash'],
    ['/bin/sh', ['./run'], 'run'],
    ['/usr/bin/perl', ['-w', '-I', 'lib', 'x.pl'], 'x.pl'],
    ['/usr/bin/perl', ['-ne', 'print', 'file'], 'perl'],
    ['/usr/bin/ruby3.1', ['-r', 'json', 'x.rb'], 'x.rb'],
    ['/usr/bin/php8.2', ['-d', 'a=b', '-f', 'x.php'], 'x.php'],
    ['/usr/bin/java', ['-Xmx1g', '-cp', 'a.jar:b.jar', 'org.acme.Main', 'arg'], 'org.acme.Main'],
    ['/usr/bin/java', ['-Dx=y', '-jar', '/srv/app.jar'], 'app.jar'],
    ['/usr/bin/java', ['-m', 'mod/org.acme.Main'], 'org.acme.Main'],
    ['/usr/bin/deno', ['run', '-A', 'x.ts'], 'x.ts'],
    ['/usr/bin/bun', ['x.ts'], 'x.ts'],
    ['/bin/busybox', ['sleep', '1'], 'sleep'],
    ['/usr/sbin/php-fpm8.2', ['x'], 'php-fpm8.2'],
    ['/usr/bin/nodemon', ['x.js'], 'nodemon'],
  ])('%s %j is %s', (exe, args, name) => {
    expect(groupNameOf(run(exe, ...args))).toBe(name)
  })

  test('busybox under another name is the applet, and its shell runs scripts', () => {
    expect(groupNameOf({ comm: 'sleep', exe: '/bin/busybox', cmdline: ['sleep', '100'] })).toBe('sleep')
    expect(groupNameOf({ comm: 'sh', exe: '/bin/busybox', cmdline: ['-sh', '/x/job.sh'] })).toBe('job.sh')
  })
})

describe('a program that has written a title over its command line', () => {
  test.each([
    ['/usr/bin/node', 'npm install --offline x', 'npm'],
    ['/usr/bin/node', 'npm', 'npm'],
    ['/usr/bin/python3', 'gunicorn: master [app]', 'gunicorn'],
    ['/usr/bin/ruby', 'sidekiq 7.2 app [0 of 5 busy]', 'sidekiq'],
    ['/usr/bin/node', 'node', 'node'],
    ['/usr/bin/node', 'node /srv/billing-api.js', 'billing-api.js'],
    ['/usr/bin/node', 'node /srv/shop/server.js --port 80', 'shop/server.js'],
    ['/bin/bash', '-bash', 'bash'],
    ['/usr/bin/python3', '/usr/bin/python3 x.py', 'python3'],
    ['/usr/bin/nginx', 'worker: of nginx', 'nginx'],
  ])('%s as "%s" is %s', (exe, title, name) => {
    expect(groupNameOf({ comm: 'x', exe, cmdline: [title] })).toBe(name)
    expect(groupNameOf({ comm: 'x', exe, cmdline: [title, '', ''] })).toBe(name)
  })
})

describe('anything else is named by its executable', () => {
  test('not by what it calls itself', () => {
    expect(groupNameOf({ comm: 'innocent', exe: '/opt/miner', cmdline: ['systemd'] })).toBe('miner')
  })
  test('where that may not be read: by argv[0] as far as the kernel bears it out', () => {
    expect(groupNameOf({ comm: 'gnome-terminal-', cmdline: ['/usr/libexec/gnome-terminal-server'] })).toBe('gnome-terminal-server')
    expect(groupNameOf({ comm: 'nginx', cmdline: ['nginx: worker process'] })).toBe('nginx')
    expect(groupNameOf({ comm: 'sshd', cmdline: ['/sbin/init'] })).toBe('sshd')
    expect(groupNameOf({ comm: 'MainThread', cmdline: ['node', '/srv/x.js'] })).toBe('x.js')
    expect(groupNameOf({ comm: 'x', cmdline: [] })).toBe('x')
  })
  test('a program in memory by what it calls itself: its file name is random', () => {
    expect(groupNameOf({ comm: 'memfd:a81f', exe: '/memfd:a81f', cmdline: ['tools/agent', '-x'] })).toBe('agent')
    expect(groupNameOf({ comm: 'memfd:a81f', exe: '/memfd:a81f', cmdline: [] })).toBe('memfd')
  })
  test.each([
    ['kworker/0:1H-events', 'kworker'],
    ['kworker/u8:2', 'kworker'],
    ['ksoftirqd/3', 'ksoftirqd'],
    ['kswapd0', 'kswapd'],
    ['scsi_eh_12', 'scsi_eh'],
    ['kdamond.0', 'kdamond'],
    ['jbd2/vda1-8', 'jbd2'],
    ['rcu_preempt', 'rcu_preempt'],
    ['0', '0'],
  ])('the kernel thread %s belongs to %s', (comm, name) => {
    expect(groupNameOf({ comm, cmdline: [], isKernelThread: true })).toBe(name)
  })
  test('only a kernel thread is named like one', () => {
    expect(groupNameOf(run('/tmp/worker3'))).toBe('worker3')
  })
})

describe('matchers', () => {
  const java = run('/usr/bin/java', '-Dservice=billing', '-jar', 'x.jar')
  test('the first that fits decides, all of its conditions must', () => {
    const matchers: GroupMatcher[] = [
      { name: 'wrong', exe: ['java'], comm: ['other'] },
      { name: 'java-{{service}}-{{ exe }}', exe: ['java'], cmdline: /-Dservice=(?<service>\w+)/u },
      { name: 'too late', exe: ['java'] },
    ]
    expect(groupNameOf(java, matchers)).toBe('java-billing-java')
  })
  test('exe fits by base name or whole path', () => {
    expect(groupNameOf(java, [{ name: 'a', exe: ['/usr/bin/java'] }])).toBe('a')
    expect(groupNameOf(java, [{ name: 'a', exe: ['/opt/java'] }])).toBe('x.jar')
  })
  test('a capture cannot smuggle a template in', () => {
    const subject = run('/bin/x', '--name={{comm}}')
    expect(groupNameOf(subject, [{ name: '{{n}}', cmdline: /--name=(?<n>.*)/u }])).toBe('{{comm}}')
  })
  test('an absent placeholder is empty, an empty name is not a label', () => {
    expect(groupNameOf(java, [{ name: '{{nothing}}', exe: ['java'] }])).toBe('unnamed')
  })
})

describe('matchers by where and by whom it runs', () => {
  const web: GroupSubject = { ...run('/usr/sbin/nginx'), user: 'www-data', unit: 'nginx@blue.service', container: '0123456789ab' }
  test.each([
    [{ user: ['www-data'] }, true],
    [{ user: ['root', 'www-*'] }, true],
    [{ user: ['root'] }, false],
    [{ unit: ['nginx@*.service'] }, true],
    [{ unit: ['nginx@*.scope'] }, false],
    [{ unit: ['*blue*blue*'] }, false],
    [{ container: ['*'] }, true],
    [{ container: ['*'], user: ['root'] }, false],
    [{ container: ['0123*89ab'], exe: ['nginx'] }, true],
  ])('%j fits: %s', (match, fits) => {
    expect(groupNameOf(web, [{ name: 'fits', ...match }])).toBe(fits ? 'fits' : 'nginx')
  })
  test('what is not known fits nothing, not even a star', () => {
    expect(groupNameOf(run('/usr/sbin/nginx'), [{ name: 'fits', container: ['*'] }])).toBe('nginx')
  })
  test('a name may be made of them', () => {
    expect(groupNameOf(web, [{ name: '{{exe}}-{{user}}-{{container}}', unit: ['*'] }])).toBe('nginx-www-data-0123456789ab')
  })
})

describe('a script whose name says nothing has its folder before it', () => {
  test.each([
    ['/srv/api/index.js', 'api/index.js'],
    ['/srv/shop/src/main.ts', 'shop/main.ts'],
    ['billing/dist/server.js', 'billing/server.js'],
    ['/opt/venv/lib/site-packages/celery/__main__.py', 'celery/__main__.py'],
    ['app.py', 'app.py'],
    ['../../index.js', 'index.js'],
    ['/app/server.js', 'server.js'],
    ['/srv/api/invoices.js', 'invoices.js'],
  ])('%s is %s', (path, name) => {
    expect(groupNameOf(run('/usr/bin/node', path))).toBe(name)
  })
})

describe('the reason for a name', () => {
  test('tells the group that fits and by what', () => {
    const naming = explainGroupName(run('/usr/bin/java', '-Dx'), [
      { name: 'no', exe: ['python3'] },
      { name: 'jvm', exe: ['java'], cmdline: /x/u },
    ])
    expect(naming).toEqual({ name: 'jvm', matcherIndex: 1, why: 'the configured group "jvm" is the first that fits, by exe and cmdline' })
  })
  test.each([
    [run('/usr/bin/python3', 'x.py'), 'x.py', /named by the script/],
    [run('/usr/bin/python3', '-c', 'pass'), 'python3', /names no script/],
    [run('/opt/x'), 'x', /by its executable/],
    [{ comm: 'x', cmdline: [] }, 'x', /may not be read/],
    [{ comm: 'kworker/0:1', cmdline: [], isKernelThread: true }, 'kworker', /kernel/],
    [run('/bin/busybox', 'sleep'), 'sleep', /first argument/],
  ] as const)('%j is %s', (subject, name, why) => {
    const naming = explainGroupName(subject, [{ name: 'no', comm: ['none'] }])
    expect(naming).toMatchObject({ name, matcherIndex: undefined })
    expect(naming.why).toMatch(/^none of the 1 configured groups fits; /)
    expect(naming.why).toMatch(why)
  })
  test('it is the name that the exporter gives', () => {
    const text = fc.string({ maxLength: 30 })
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), fc.array(text, { maxLength: 4 }), (comm, exe, cmdline) => {
        const matchers: GroupMatcher[] = [{ name: 'm-{{comm}}', cmdline: /a/u }]
        expect(explainGroupName({ comm, exe, cmdline }, matchers).name).toBe(groupNameOf({ comm, exe, cmdline }, matchers))
      }),
    )
  })
})

describe('names are safe', () => {
  test('escapes, newlines, direction marks and lone surrogates do not survive', () => {
    expect(groupNameOf(run('/tmp/\u001b[31mred\n'))).toBe('_[31mred_')
    expect(groupNameOf(run('/tmp/a\u202Eb\ud800c'))).toBe('a_b_c')
  })
  test('a program cannot pass for what our own names mean', () => {
    expect(groupNameOf(run('/tmp/unknown'))).toBe('unknown_')
    expect(groupNameOf(run('/usr/bin/python3', 'other'))).toBe('other_')
  })
  test('any process has a name of 1 to 64 printable characters', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 })
    fc.assert(
      fc.property(
        text,
        fc.option(text, { nil: undefined }),
        fc.array(text, { maxLength: 5 }),
        fc.boolean(),
        (comm, exe, cmdline, isKernelThread) => {
          const name = groupNameOf({ comm, exe, cmdline, isKernelThread })
          expect(Array.from(name).length).toBeGreaterThan(0)
          expect(Array.from(name).length).toBeLessThanOrEqual(GROUP_NAME_LENGTH_MAX)
          expect(name).not.toMatch(/\p{C}/u)
          expect(name.isWellFormed()).toBe(true)
        },
      ),
    )
  })
})
