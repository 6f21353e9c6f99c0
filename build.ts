/**
 * Builds dist/, the content of the package: the server and the command line as ES modules, the web console, and the two libraries
 * as both CommonJS and ES modules. A few bundled files load faster than the three hundred source files.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { build, type Plugin } from 'esbuild'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'
import { buildConsole } from './console/build.ts'
import { bundleProgram } from './tools/program-bundle.ts'
import { writeSbom } from './tools/sbom.ts'

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
}

type Library = 'client' | 'embedded'

/**
 * The first statement of each library's entry file. The library files avoid syntax that older versions of
 * Node.js cannot parse, so that a version check can run.
 */
const firstStatement: Readonly<Record<Library, string>> = {
  client: '',
  embedded: `if (Number(process.versions.node.split('.')[0]) < 24)
  throw new Error('signet-ca/embedded needs Node.js 24 or newer; this is ' + process.versions.node)
`,
}

/** Worker threads find their files in dist/, one folder above the libraries. */
const moduleUrl =
  "const moduleUrl = require('node:url').pathToFileURL(require('node:path').join(__dirname, '../index.js')).href;"

/**
 * Builds a library as CommonJS. The library's ES module only re-exports the CommonJS module. A process that loads both modules
 * has only one copy of each class. Packages that exist only as ES modules are bundled, because Jest cannot require them.
 */
async function buildLibrary(library: Library): Promise<void> {
  await build({
    bundle: true,
    platform: 'node',
    logLevel: 'warning',
    entryPoints: { [`${library}/index`]: `${library}/index.ts` },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    target: 'node20',
    // Jest supports dynamic import only with a Node.js flag.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: firstStatement[library] + moduleUrl },
    plugins: [external],
  })
  const names = namesExportedBy(`./dist/${library}/index.cjs`)
  writeFileSync(
    `dist/${library}/index.js`,
    `${importFirst(library)}import library from './index.cjs'\nexport const { ${names.join(', ')} } = library\n`,
  )
}

/**
 * Node.js 20 crashes if a CommonJS file throws while an ES module imports that file. The ES module therefore checks the version
 * and throws first.
 */
function importFirst(library: Library): string {
  if (firstStatement[library] === '') return ''
  writeFileSync(`dist/${library}/first.js`, firstStatement[library])
  return "import './first.js'\n"
}

/** Dependencies that have a CommonJS form are not bundled into a library, and the client is not bundled into the embedded CA. */
const external: Plugin = {
  name: 'external',
  setup(bundle) {
    bundle.onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
      if (kind === 'entry-point' || path.startsWith('node:')) return undefined
      const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/')
      const isModule = name in dependencies && typeOf(name) === 'module'
      return isModule ? undefined : { path, external: true }
    })
    bundle.onResolve({ filter: /\/client\/index\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: '../client/index.cjs', external: true },
    )
  },
}

function typeOf(name: string): string {
  const manifest = readFileSync(`node_modules/${name}/package.json`, 'utf8')
  return (JSON.parse(manifest) as { readonly type?: string }).type ?? 'commonjs'
}

function namesExportedBy(file: string): string[] {
  const exported = createRequire(import.meta.url)(file) as Readonly<Record<string, unknown>>
  return Object.keys(exported).sort()
}

/**
 * Type declarations of a library, in one file for each module system. The type declarations refer to Node.js. The embedded CA's
 * declarations also refer to the client.
 */
async function bundleDeclarations(library: Library): Promise<void> {
  const isClient = (id: string): boolean =>
    library === 'embedded' && id.endsWith('/client/index.ts')
  const bundle = await rolldown({
    input: { index: `./dist/declarations/${library}/index.d.ts` },
    external: (id) => isClient(id) || !/^[./]/.test(id),
    plugins: [dts({ dtsInput: true, oxc: true, tsconfig: false })],
    onLog(_level, { message }) {
      throw new Error(message)
    },
  })
  for (const [extension, client] of [
    ['d.ts', '../client/index.js'],
    ['d.cts', '../client/index.cjs'],
  ] as const) {
    const { output } = await bundle.generate({
      entryFileNames: `[name].${extension}`,
      paths: (id) => (isClient(id) ? client : id),
    })
    const [{ code: generated, fileName }, ...others] = output
    // The bundler adds a comment with the source file's name to each part of the output.
    const code = generated.replaceAll(/^\/\/ ?(?:#(?:end)?region|dist\/declarations).*\n/gm, '')
    const imports = [...code.matchAll(/^(?:import|export) .* from "([^"]+)"/gm)].map(([, id]) => id)
    const foreign = imports.filter((id) => id?.startsWith('node:') === false && id !== client)
    if (foreign.length + others.length > 0)
      throw new Error(
        `the declarations of ${library} are not one file; imports: ${foreign.join(', ')}`,
      )
    writeFileSync(`dist/${library}/${fileName}`, code)
  }
  await bundle.close()
}

mkdirSync('dist', { recursive: true })
// The console is not rebuilt if its sources have not changed.
for (const name of readdirSync('dist'))
  if (name !== 'console') rmSync(`dist/${name}`, { recursive: true })
await bundleProgram('dist')
await buildConsole()
for (const library of ['client', 'embedded'] as const) {
  mkdirSync(`dist/${library}`, { recursive: true })
  await buildLibrary(library)
}
const declarations = ['--emitDeclarationOnly', '--outDir', 'dist/declarations']
execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', ...declarations], {
  stdio: 'inherit',
})
for (const library of ['client', 'embedded'] as const) await bundleDeclarations(library)
rmSync('dist/declarations', { recursive: true })
writeSbom()
