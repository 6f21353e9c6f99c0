/** Tests of the command table, which loads each command separately, and of commands that run inside another process. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { TestFolder } from '../../test/support/database.ts'
import { createProgram } from './program.ts'
import { runCommand } from './run-command.ts'

const print = (): void => {}
const commandsFolder = join(import.meta.dirname, 'commands')

test('every command in the help can be loaded separately, by its name and by its aliases', async () => {
  const { commands } = await createProgram(print, [])
  assert.ok(commands.length > 20)
  const names = commands.map((command) => command.name())
  for (const command of commands)
    for (const name of [command.name(), ...command.aliases()]) {
      const alone = await createProgram(print, [name])
      assert.deepEqual(
        alone.commands.map((loaded) => loaded.name()),
        // Completion scripts describe all commands.
        command.name() === 'completion' ? names : [command.name()],
        name,
      )
    }
})

test('no line of a help text is wider than 80 columns', async () => {
  const { commands } = await createProgram(print, [])
  const wide = commands
    .flatMap((command) => [command, ...command.commands])
    .flatMap((command) => {
      let help = ''
      command.configureOutput({ writeOut: (part) => (help += part) }).outputHelp()
      return help.split('\n').filter((line) => line.length > 80)
    })
  assert.deepEqual(wide, [])
})

test('every command except version has a file with its name, which imports no file of another command', async () => {
  const { commands } = await createProgram(print, [])
  const files = readdirSync(commandsFolder)
  assert.deepEqual(
    files.toSorted(),
    commands
      .map((command) => `${command.name()}.ts`)
      .filter((name) => name !== 'version.ts')
      .toSorted(),
  )
  for (const file of files)
    assert.doesNotMatch(readFileSync(join(commandsFolder, file), 'utf8'), /'\.\//, file)
})

test('signet help prints the help of the program or of a command', async () => {
  assert.deepEqual(await run(['help']), await run(['--help']))
  for (const words of [['issue'], ['ca'], ['ca', 'renew']]) {
    const help = await run(['help', ...words])
    assert.deepEqual(help, await run([...words, '--help']))
    assert.match(help.stdout, new RegExp(`^Usage: signet ${words.join(' ')} `))
  }
})

interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

interface RunOptions {
  readonly environment?: Record<string, string>
  readonly stdin?: string
  /** Width of the terminal; undefined if standard output is not a terminal. */
  readonly columns?: number
}

async function run(
  argv: readonly string[],
  { environment = {}, stdin = '', columns }: RunOptions = {},
): Promise<Outcome> {
  const stdout = Object.assign(new PassThrough(), columns && { isTTY: true, columns })
  const stderr = new PassThrough()
  const code = await runCommand(argv, {
    environment,
    stdin: () => PassThrough.from([Buffer.from(stdin)]),
    stdout,
    stderr,
  })
  return { code, stdout: await text(stdout.end()), stderr: await text(stderr.end()) }
}

test('a command reads and writes the streams and variables that it is passed, not those of the process', async (t) => {
  t.mock.method(process, 'exit', () => assert.fail('a command ended the process'))

  const config = await run(['check-config'], { environment: { SIGNET_LISTEN: '127.0.0.1:9000' } })
  assert.deepEqual([config.code, config.stderr], [0, ''])
  assert.match(config.stdout, /"Port": 9000/)

  const help = await run(['issue', '--help'])
  assert.deepEqual([help.code, help.stderr], [0, ''])
  assert.match(help.stdout, /^Usage: signet issue/)

  assert.deepEqual(await run(['issue', '--out', 'x', '--nmae']), {
    code: 2,
    stdout: '',
    stderr: "signet: unknown option '--nmae'; did you mean --name?\n",
  })
  for (const [args, advice] of [
    [['issue', 'host'], "unexpected argument 'host' for 'issue'; did you mean --name host?"],
    [
      ['issue', '*.example.com', '192.0.2.1'],
      "unexpected arguments '*.example.com', '192.0.2.1' for 'issue'; did you mean --name '*.example.com' --ip 192.0.2.1?",
    ],
    [['issue', 'a\nb'], String.raw`unexpected argument 'a\nb' for 'issue'`],
    [['ca', 'list', 'a'], "unexpected argument 'a' for 'list'"],
    [['certs'], "unknown command 'certs'; did you mean certificates?"],
    [
      ['user', 'permissions'],
      "unknown command 'permissions'; the commands are create, list, show, tag, delete",
    ],
    [['frobnicate'], "unknown command 'frobnicate'; list the commands with: signet --help"],
    [['help', 'isue'], "unknown command 'isue'; did you mean issue?"],
    [
      ['issue', '--days', '30', '--name', 'x'],
      "unknown option '--days'; did you mean --validity 30d?",
    ],
    [
      ['check-config', '--databse', 'x', '--offline'],
      "unknown option '--databse' of signet check-config; did you mean --database?",
    ],
  ] as const) {
    const unknown = await run(args)
    assert.deepEqual([unknown.code, unknown.stderr], [2, `signet: ${advice}\n`])
  }
  const wrong = await run(['check-config'], { environment: { SIGNET_LISTEN: 'x' } })
  assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
  assert.match(wrong.stderr, /^signet: .*SIGNET_LISTEN/)

  const inspected = await run(['inspect', '-'], { stdin: 'not a certificate' })
  assert.deepEqual([inspected.code, inspected.stdout], [1, ''])
  assert.match(inspected.stderr, /^signet: -: /)
})

test('on a terminal, check-config prints a line for each setting with a value, and that they are valid', async () => {
  using folder = new TestFolder()
  const argv = ['check-config', '--listen', '127.0.0.1:9000', '--data', folder.file('new')]
  const { code, stdout, stderr } = await run(argv, { columns: 80 })
  assert.equal(code, 0, stderr)
  const lines = stripVTControlCharacters(stdout).trimEnd().split('\n')
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  )
  const settings = new Map(lines.map((line) => [line.split(/ +/)[0], line.split(/ {2,}/).slice(1)]))
  assert.equal(settings.size, lines.length)
  assert.deepEqual(settings.get('listen'), ['127.0.0.1:9000', 'flag'])
  assert.deepEqual(settings.get('lint'), ['error', 'default'])
  assert.match(stderr, /^The configuration is valid\. At its first start, signet serve creates/)
  const offline = await run([...argv, '--offline'], { columns: 80 })
  assert.match(offline.stderr, /^The settings are valid\. Files and connections were not checked/)
})
