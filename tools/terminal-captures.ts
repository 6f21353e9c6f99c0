/**
 * Writes the output of commands to the documents (`node tools/terminal-captures.ts`). A terminal capture is enclosed in `<!--
 * capture: NAME -->` and `<!-- /capture -->`. Lines in a capture that begin with `$ ` are run in order on an 80-column terminal.
 * Each capture has its own server. Values that differ between runs are replaced with fixed values, so that a test can compare the
 * files.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { signet, startServer } from '../test/support/process.ts'
import { stableText } from './stable-text.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const capture = /^<!-- capture: ([\w-]+) -->\n```console\n([\s\S]*?)```\n<!-- \/capture -->$/gm

/** Returns the documents that contain captures. */
export function capturedDocuments(): string[] {
  return globSync(['*.md', 'docs/**/*.md'], { cwd: root })
    .filter((path) => readFileSync(join(root, path), 'utf8').includes('<!-- capture: '))
    .sort()
}

/** Returns the text of a document with the current output of its commands. */
export async function withCaptures(path: string): Promise<string> {
  const text = readFileSync(join(root, path), 'utf8')
  const parts: string[] = []
  let end = 0
  for (const found of text.matchAll(capture)) {
    const [whole, name = '', body = ''] = found
    const commands = body.split('\n').filter((line) => line.startsWith('$ '))
    const output = await outputOf(commands.map((line) => line.slice(2)))
    parts.push(
      text.slice(end, found.index),
      `<!-- capture: ${name} -->\n\`\`\`console\n${output}\`\`\`\n<!-- /capture -->`,
    )
    end = found.index + whole.length
  }
  return [...parts, text.slice(end)].join('')
}

/** Returns the terminal contents after the given commands, each preceded by a prompt. */
async function outputOf(commands: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-capture-'))
  const server = await startServer(join(folder, 'data'))
  try {
    const launcher = join(folder, 'signet')
    await writeFile(
      launcher,
      `#!/bin/sh\nSIGNET_CALLED_AS="$0" exec '${process.execPath}' '${signet}' "$@"\n`,
    )
    await chmod(launcher, 0o755)
    const shown: string[] = []
    for (const command of commands) {
      const output = await inTerminal(command, folder, server.url)
      shown.push(`$ ${command}\n${output}`)
    }
    const replaced = shown
      .join('\n')
      .replaceAll(server.url, 'http://127.0.0.1:8080')
      .replaceAll(server.publicUrl, 'http://127.0.0.1:8081')
    return stableText(replaced, new Date())
  } finally {
    await server.stop('SIGTERM')
    await rm(folder, { recursive: true })
  }
}

/**
 * Runs a command on an 80-column pseudo-terminal, without colours. The returned output ends with a line feed unless it is empty.
 */
async function inTerminal(command: string, folder: string, endpoint: string): Promise<string> {
  const line = `stty cols 80 rows 40 -echo; ${command}`
  const { stdout } = await run('script', ['-qefc', line, '/dev/null'], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      TERM: 'xterm',
      SHELL: '/bin/sh',
      NO_COLOR: '1',
      SIGNET_ENDPOINT: endpoint,
    },
  })
  const lines = stdout.split('\n').map(finalText)
  const text = lines.join('\n').trim()
  return text === '' ? '' : `${text}\n`
}

/** Returns the final contents of a terminal line: the text after the last carriage return, without control sequences. */
function finalText(line: string): string {
  // oxlint-disable-next-line no-control-regex -- the escape character begins a control sequence
  const texts = line.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '').split('\r')
  return (texts.findLast((text) => text !== '') ?? '').trimEnd()
}

if (import.meta.main)
  for (const path of capturedDocuments()) writeFileSync(join(root, path), await withCaptures(path))
