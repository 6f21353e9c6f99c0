/**
 * Builds the web console into dist/console: the bundle, compressed copies of its files, and the list of files that the server
 * reads (src/console/built-files.ts). The build does nothing if dist/console was built from the same sources. Two builds from the
 * same sources are byte-identical.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'
import type { BuiltFile, FileList } from '../src/console/built-files.ts'

const root = resolve(import.meta.dirname, '..')
const stampFile = 'sources.sha256'

/** Folders and files on which the bundle depends. The lock file contains the package versions. */
const inputs = [
  'console',
  'client/api-validity.ts',
  'client/names.ts',
  'src/authority',
  'src/client-commands/authority/ca-template.ts',
  'src/client-commands/authority/renewal-plan.ts',
  'src/client-commands/issuance-options.ts',
  'src/client-commands/simulation.ts',
  'src/errors.ts',
  'src/inspect',
  'src/issuance/templates.ts',
  'src/record',
  'src/policy/principal.ts',
  'src/policy/sharing-policy.ts',
  'src/text',
  'src/wire/shapes',
  'src/x509',
  'package-lock.json',
]

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}

/** Builds the console into dist/console unless that build is current. Returns whether the console was rebuilt. */
export async function buildConsole(folder = join(root, 'dist/console')): Promise<boolean> {
  const sources = hashOfSources()
  if (readIfExists(join(folder, stampFile)) === sources) return false
  mkdirSync(dirname(folder), { recursive: true })
  // A server that runs during the build always has a complete console.
  const temporary = mkdtempSync(`${folder}-`)
  try {
    await bundle(temporary)
    writeFileSync(join(temporary, 'files.json'), JSON.stringify(listFiles(temporary)))
    writeFileSync(join(temporary, stampFile), sources)
    // The server may run as a different user than the build process.
    chmodSync(temporary, 0o755)
    rmSync(folder, { recursive: true, force: true })
    renameSync(temporary, folder)
  } catch (error) {
    // Another process may have completed the same build in the meantime.
    if (readIfExists(join(folder, stampFile)) !== sources) throw error
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return true
}

async function bundle(outDir: string): Promise<void> {
  const { build } = await import('vite')
  await build({
    root: join(root, 'console'),
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    mode: 'production',
    define: { 'process.env.NODE_ENV': JSON.stringify('production') },
    // The page has a base element, so that relative addresses work below any path prefix.
    base: './',
    plugins: [systemFonts, onlyInputs],
    resolve: {
      alias: {
        'node:buffer': join(root, 'console/browser/node-buffer.ts'),
        'node:crypto': join(root, 'console/browser/node-crypto.ts'),
        'node:net': join(root, 'console/browser/node-net.ts'),
        'node:url': join(root, 'console/browser/node-url.ts'),
      },
    },
    build: {
      outDir,
      emptyOutDir: true,
      // The Content-Security-Policy forbids inline files, except images in styles.
      assetsInlineLimit: (path) => path.endsWith('.svg'),
      modulePreload: { polyfill: false },
      target: ['chrome120', 'firefox121', 'safari17'],
      chunkSizeWarningLimit: 2000,
      license: { fileName: 'licenses.md' },
      rolldownOptions: {
        onLog(level, log, report) {
          // React Server Components directives have no meaning in a browser.
          if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log)
        },
        transform: { inject: { Buffer: ['buffer', 'Buffer'] } },
      },
    },
  })
}

/**
 * Removes the fonts that Cloudscape's style sheet contains as data: URLs, because they make up a third of the initial
 * download. System fonts from Cloudscape's font stack are used instead.
 */
const systemFonts: Plugin = {
  name: 'system-fonts',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/global-styles/index.css')) return undefined
    return { code: code.replaceAll(/@font-face\s*\{[^}]*\}/g, ''), map: null }
  },
}

/**
 * Fails if the bundle contains a source file outside the declared inputs, because changes to that file would not trigger a build.
 */
const onlyInputs: Plugin = {
  name: 'only-inputs',
  generateBundle() {
    for (const id of this.getModuleIds()) {
      const path = relative(root, id.split('?')[0] ?? '')
      const isSource =
        !path.startsWith('..') && !path.startsWith('node_modules/') && !id.startsWith('\0')
      if (isSource && !inputs.some((input) => path === input || path.startsWith(`${input}/`)))
        this.error(`${path} is not in the list of inputs in console/build.ts`)
    }
  },
}

/** Writes compressed copies of the files, and returns the list of files. */
function listFiles(folder: string): FileList {
  const files: Record<string, BuiltFile> = {}
  for (const path of filesIn(folder)) {
    if (path === 'index.html') continue
    const content = readFileSync(join(folder, path))
    const type = types[extname(path)]
    if (type === undefined) throw new Error(`the build wrote a file of an unknown type: ${path}`)
    const isCompressed = type.startsWith('font/')
    const compressed = {
      br: brotliCompressSync(content, {
        params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
      }),
      gzip: gzipSync(content, { level: 9 }),
    }
    const isSmaller = !isCompressed && compressed.br.length < content.length
    if (isSmaller) {
      writeFileSync(join(folder, `${path}.br`), compressed.br)
      writeFileSync(join(folder, `${path}.gz`), compressed.gzip)
    }
    files[path] = {
      type,
      etag: shortHash(content),
      isImmutable: path.startsWith('assets/'),
      bytes: {
        identity: content.length,
        ...(isSmaller && { br: compressed.br.length, gzip: compressed.gzip.length }),
      },
    }
  }
  return { files }
}

function hashOfSources(): string {
  const hash = createHash('sha256')
  for (const input of inputs)
    for (const path of statSync(join(root, input)).isFile() ? [''] : filesIn(join(root, input))) {
      if (path.endsWith('.test.ts')) continue
      const content = readFileSync(join(root, input, path))
      hash.update(`${input}/${path} ${content.length}\n`).update(content)
    }
  return hash.digest('hex')
}

/** Returns the sorted paths of all files below a folder. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .toSorted()
}

function shortHash(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 22)
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  const startedAt = performance.now()
  if (await buildConsole()) {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    process.stdout.write(`signet: built the web console in ${seconds} s\n`)
  }
}
