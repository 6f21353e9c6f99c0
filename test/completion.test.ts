/** Tests of the scripts that `signet completion` prints, each run in its own shell. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { outcome, tool } from './support/foreign-tools.ts'
import { command } from './support/process.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-completion-'))
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, stderr } = await command(['completion', shell])
    assert.equal(stderr, '')
    await writeFile(join(folder, shell), stdout)
  }
  await writeFile(join(folder, 'cert.pem'), '')
})
after(() => rm(folder, { recursive: true }))

/** Typed text, and the words that must be offered as completions. */
const expected: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ['signet ', ['serve', 'issue', 'renew', 'inspect', 'status', 'bucket', 'completion']],
  ['signet iss', ['issue']],
  ['signet ca ', ['list', 'show', 'tree', 'renew', 'disable', 'enable', 'delete', 'restore']],
  ['signet ca renew --new', ['--new-key']],
  ['signet certificates ', ['list', 'show', 'download']],
  ['signet trust ', ['install', 'remove', 'print']],
  ['signet trust install --store ', ['system', 'nss']],
  ['signet revoke --rea', ['--reason']],
  ['signet bucket ', ['create', 'list', 'delete-object']],
  ['signet bucket cr', ['create']],
  ['signet issue --val', ['--validity']],
  ['signet issue --key-algorithm RSA', ['RSA_2048', 'RSA_3072', 'RSA_4096']],
  ['signet access-key create --u', ['--user']],
  ['signet status --output ', ['table', 'json']],
  ['signet completion ', ['bash', 'zsh', 'fish']],
]

test('bash completes commands, options and files', async (t) => {
  const bash = await tool(t, 'bash')
  if (bash === undefined) return
  const complete = async (...words: readonly string[]): Promise<string[]> => {
    const script = `source ${folder}/bash; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _signet; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { ok, text } = await outcome(bash, ['-c', script, 'bash', ...words])
    assert.ok(ok, text)
    return text.split('\n').filter((line) => line !== '')
  }
  for (const [typed, offered] of expected) {
    const found = await complete(...typed.split(' '))
    for (const word of offered) assert.ok(found.includes(word), `${typed}: ${found.join(' ')}`)
  }
  assert.deepEqual(await complete('signet', 'iss'), ['issue'])
  // Bash splits words at an equals sign.
  assert.deepEqual(await complete('signet', 'status', '--output', '=', 'j'), ['json'])
  assert.deepEqual(await complete('signet', 'inspect', `${folder}/ce`), [`${folder}/cert.pem`])
  assert.deepEqual(await complete('signet', 'issue', '--out', `${folder}/ce`), [
    `${folder}/cert.pem`,
  ])
  assert.deepEqual(await complete('signet', 'bucket', 'zzz'), [])
})

test('fish completes commands and options', async (t) => {
  const fish = await tool(t, 'fish', { optional: true })
  if (fish === undefined) return
  for (const [typed, offered] of expected) {
    const script = `source ${folder}/fish; complete -C "${typed}"`
    const { ok, text } = await outcome(fish, ['--no-config', '-c', script])
    assert.ok(ok, text)
    const found = text.split('\n').map((line) => line.split('\t')[0])
    for (const word of offered) assert.ok(found.includes(word), `${typed}: ${text}`)
  }
})

test('zsh completes commands and options', async (t) => {
  const zsh = await tool(t, 'zsh', { optional: true })
  if (zsh === undefined) return
  // An outer shell types into an inner shell. The inner shell completes the line and prints the arguments of the
  // command.
  const lines = expected.filter(([, offered]) => offered.length === 1)
  const script = [
    'zmodload zsh/zpty',
    'zpty shell zsh -f -i',
    `zpty -w shell 'autoload -Uz compinit; compinit -D -u; source ${folder}/zsh; signet() { print -r -- "GIVEN[$*]" }; bindkey "^I" complete-word; print REA""DY'`,
    `zpty -r -m shell out '*READY*'`,
    ...lines.flatMap(([typed]) => [
      `zpty -w shell '${typed}'$'\\t'`,
      `zpty -r -m shell out '*GIVEN*]*'; print -r -- "$out"`,
    ]),
    'zpty -d shell',
  ]
  const { ok, text } = await outcome(zsh, ['-f', '-c', script.join('\n')])
  assert.ok(ok, text)
  for (const [typed, [word = '']] of lines) {
    const args = `${typed.replace('signet ', '').replace(/\S+$/, '')}${word}`
    assert.ok(text.includes(`GIVEN[${args}`), `${args} in ${text}`)
  }
})
