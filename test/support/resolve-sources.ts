/**
 * Resolves relative imports of TypeScript files without file system access. The CPU time for loading a server's modules falls
 * from 0.55 s to 0.37 s. Without this resolver, Node.js looks up the real path and the package of each file.
 */
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, nextResolve) {
    const { parentURL } = context
    if (parentURL === undefined || !/^\.\.?\/.*\.ts$/.test(specifier))
      return nextResolve(specifier, context)
    const { href } = new URL(specifier, parentURL)
    return { url: href, format: 'module-typescript', shortCircuit: true }
  },
})
