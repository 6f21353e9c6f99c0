/** The routes for the web console. The console's files are public: all data in the console comes from the API. */
import { createHash } from 'node:crypto'
import fresh from 'fresh'
import {
  methodNotAllowed,
  notFound,
  publicFailure,
  textAnswer,
  type Answer,
} from '../http/answer.ts'
import { isBrowserAtRoot } from '../http/landing-page.ts'
import { conditionsOf, headerValue, type RequestHead } from '../http/request.ts'
import type { Route } from '../http/route.ts'
import {
  basePlaceholder,
  ssoPlaceholder,
  consoleFolder,
  encodings,
  openConsole,
  type BuiltConsole,
  type BuiltFile,
  type Encoding,
} from './built-files.ts'

/**
 * Scripts, styles, fonts and requests are restricted to the console's origin, so the browser contacts no other host. `data:`
 * is allowed for images in styles. With Trusted Types, the browser refuses to parse plain strings as HTML.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

interface ConsoleOptions {
  /** A reverse proxy's path prefix; empty if there is none. */
  readonly basePath: string
  /** Issuer URL of the identity provider for single sign-on; undefined if single sign-on is not configured. */
  readonly ssoIssuer?: string | undefined
  readonly folder?: string
}

/** Returns the console's routes: the redirect of browsers from `/`, and everything below `/console`. */
export function consoleRoutes({
  basePath,
  ssoIssuer = '',
  folder = consoleFolder(),
}: ConsoleOptions): readonly Route[] {
  const placeholders = { [basePlaceholder]: basePath, [ssoPlaceholder]: ssoIssuer }
  let opened: Promise<BuiltConsole | undefined> | undefined
  const open = async (): Promise<BuiltConsole | undefined> => {
    const built = await (opened ??= openConsole(folder))
    // In a source checkout, the console may be rebuilt while the server is running.
    if (built === undefined) opened = undefined
    return built
  }
  const redirect: Answer = {
    ...textAnswer(302, 'The console is at /console/'),
    headers: {
      ...securityHeaders,
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      location: `${basePath}/console/`,
      // All other clients that request the same URL receive the API response.
      vary: 'Accept',
    },
  }
  return [
    {
      methods: ['GET', 'HEAD'],
      path: (head) => (head.localPath === '/console' || isBrowserAtRoot(head) ? '' : undefined),
      handler: { answer: () => redirect, fail: publicFailure },
    },
    {
      path: ({ localPath }) =>
        localPath.startsWith('/console/') ? localPath.slice('/console/'.length) : undefined,
      handler: {
        answer: async (request, _connection, path) => {
          const built = await open()
          const answer =
            built === undefined ? notBuilt : answerFile(built, { request, path, placeholders })
          return { ...answer, headers: { ...securityHeaders, ...answer.headers } }
        },
        fail: publicFailure,
      },
    },
  ]
}

const notBuilt = textAnswer(
  503,
  'The console has not been built. In a checkout, npm ci and npm start build the console. If the build failed, node console/build.ts shows the error.',
)

interface FileRequest {
  readonly request: RequestHead
  /** Path below `/console/`. */
  readonly path: string
  readonly placeholders: Placeholders
}

/** Values for the placeholders in the page. The settings allow only characters that are valid in HTML attributes. */
type Placeholders = Readonly<Record<string, string>>

/**
 * Returns a file. Returns the HTML page for a path without a file name extension, because the console displays its own page for
 * each URL.
 */
function answerFile(built: BuiltConsole, { request, path, placeholders }: FileRequest): Answer {
  if (request.method !== 'GET' && request.method !== 'HEAD') return methodNotAllowed('GET, HEAD')
  const file = built.files.get(path)
  if (file !== undefined) return answerAsset(built, { request, path, file })
  return /\.[a-z0-9]{1,8}$/i.test(path) ? notFound : answerPage(built, request, placeholders)
}

function answerPage(built: BuiltConsole, request: RequestHead, placeholders: Placeholders): Answer {
  let body = built.page
  for (const [name, value] of Object.entries(placeholders))
    body = body.replaceAll(name, () => value)
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22)
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    etag: `"${hash}"`,
  }
  if (isCurrent(request, headers.etag)) return { status: 304, headers, body: undefined }
  if (request.method === 'GET') return { status: 200, headers, body }
  const length = String(Buffer.byteLength(body))
  return { status: 200, headers: { ...headers, 'content-length': length }, body: undefined }
}

function answerAsset(
  built: BuiltConsole,
  {
    request,
    path,
    file,
  }: { readonly request: RequestHead; readonly path: string; readonly file: BuiltFile },
): Answer {
  const encoding = encodingFor(request, file)
  const headers = {
    'content-type': file.type,
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: `"${file.etag}${encoding === undefined ? '' : `-${encoding}`}"`,
    vary: 'Accept-Encoding',
  }
  if (isCurrent(request, headers.etag)) return { status: 304, headers, body: undefined }
  const sent = {
    ...headers,
    ...(encoding && { 'content-encoding': encoding }),
    'content-length': String(file.bytes[encoding ?? 'identity']),
  }
  const body = request.method === 'HEAD' ? undefined : built.open(path, encoding)
  return { status: 200, headers: sent, body }
}

function isCurrent({ headers }: RequestHead, etag: string): boolean {
  return fresh(conditionsOf(headers), { etag })
}

/** Returns the preferred content encoding that the client accepts and for which a file exists (RFC 9110 §12.5.3). */
function encodingFor({ headers }: RequestHead, { bytes }: BuiltFile): Encoding | undefined {
  const accepted = new Set(
    (headerValue(headers, 'accept-encoding') ?? '')
      .split(',')
      .filter((item) => !/;\s*q=0(?:\.0*)?\s*$/.test(item))
      .map((item) => item.split(';')[0]?.trim().toLowerCase()),
  )
  const known = Object.keys(encodings) as Encoding[]
  return known.find((encoding) => bytes[encoding] !== undefined && accepted.has(encoding))
}
