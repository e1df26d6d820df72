import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MASK, maskCommandLine, maskSecrets } from '../../../src/lib/mask-secrets.ts'

/** Each with what must not be left of it, and what must. */
const LEAKS: ReadonlyArray<readonly [text: string, secret: string, kept: string]> = [
  ['mysqld --password=hunter2 --port=3306', 'hunter2', '--port=3306'],
  ['tool --password hunter2 run', 'hunter2', 'run'],
  ['tool --db-password="two words" run', 'two words', 'run'],
  ["tool --api_key='abc def' run", 'abc def', 'run'],
  ['DB_PASSWORD=hunter2 node server.js', 'hunter2', 'node server.js'],
  ['env AWS_SECRET_ACCESS_KEY=abcd1234 aws s3 ls', 'abcd1234', 'aws s3 ls'],
  ['java -Ddb.password=hunter2 -jar app.jar', 'hunter2', '-jar app.jar'],
  ['psql postgres://user:p@ss:word@db.example.org/shop', 'p@ss:word', 'db.example.org/shop'],
  ['redis-cli -u redis://:hunter2@127.0.0.1:6379', 'hunter2', '127.0.0.1:6379'],
  ['git clone https://0123456789abcdef0123@example.org/x.git', '0123456789abcdef0123', 'example.org/x.git'],
  ['curl -H "Authorization: Bearer abcdef123456" https://example.org/', 'abcdef123456', 'https://example.org/'],
  ['curl -u admin:hunter2 https://example.org/', 'hunter2', 'admin'],
  ['curl https://example.org/?page=2&token=abc123&x=1', 'abc123', 'page=2'],
  ['mysqldump -u root -phunter2 shop', 'hunter2', 'shop'],
  ['app {"user":"bob","password":"hunter2"}', 'hunter2', 'bob'],
  ['x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123 y', 'eyJzdWIiOiIxMjM0In0', 'y'],
  ['x AKIAIOSFODNN7EXAMPLE y', 'AKIAIOSFODNN7EXAMPLE', 'y'],
  ['push ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'ghp_abcdefghij', 'push'],
  ['run sk-proj-abcdefghijklmnop1234', 'abcdefghijklmnop1234', 'run'],
  ['run xoxb-1234567890-abcdef', '1234567890-abcdef', 'run'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY----- tail', 'MIIEow', 'tail'],
  ['login Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MFhZWg== now', 'Zm9vYmFyQmF6UXV4', 'now'],
  ['password: hunter2', 'hunter2', 'password'],
  ['Set-Cookie: session=abc123; Path=/', 'abc123', 'Set-Cookie'],
]

describe('what looks like a secret', () => {
  test.each(LEAKS)('%s', (text, secret, kept) => {
    const masked = maskSecrets(text)
    expect(masked).not.toContain(secret)
    expect(masked).toContain(MASK)
    expect(masked).toContain(kept)
  })

  test('is hidden where it is an argument of its own', () => {
    expect(maskCommandLine(['vault', '--token', 'abc', 'read', 'x'])).toBe(`vault --token ${MASK} read x`)
  })
})

describe('what does not', () => {
  test.each([
    'node /srv/app/server.js --port 8080 --workers=4',
    '/usr/lib/jvm/java-21-openjdk-amd64/bin/java -Xmx2g -jar /opt/app.jar',
    'python3 tokenize.py --max-tokens 100',
    'sshd: user@pts/0',
    'https://example.org/docs/passwords.html',
    'sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'tar --exclude-vcs -czf backup.tgz /home',
  ])('%s stays as it is', (text) => {
    expect(maskSecrets(text)).toBe(text)
  })
})

test('hostile texts take no longer than a moment', () => {
  for (const piece of ['-', 'a-', 'mysql ', 'a://', 'password', '"', '-----BEGIN PRIVATE KEY-----', 'eyJ', ' -u ', 'token:'])
    expect(maskSecrets(piece.repeat(100_000)).length).toBeLessThan(1_000_000)
})

test('a password in an option is hidden, whatever it is', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9!#$%*+./:<>?@^_~]{6,40}$/)
  fc.assert(
    fc.property(word, (secret) => {
      expect(maskSecrets(`run --password=${secret} -v`)).not.toContain(`=${secret}`)
      expect(maskSecrets(`run --api-token ${secret} -v`)).not.toContain(` ${secret} `)
    }),
  )
})
