/** The page that a browser displays at the root of a listener. The landing page is constant and requires no authentication. */
import { version } from '../version.ts'
import type { Answer } from './answer.ts'
import { errorAnswer } from './aws-answer.ts'
import type { RequestHead } from './request.ts'
import type { Route } from './route.ts'

const pages = {
  api: {
    title: 'Signet: API of a private certificate authority',
    text:
      'This listener serves the AWS Private CA API. Use the AWS CLI, an AWS SDK, Terraform, or the command ' +
      '<code>signet</code> with this address as the endpoint URL. The web console of this server is turned off.',
  },
  public: {
    title: 'Signet: CRLs, OCSP and CA certificates',
    text: 'This listener serves the CRLs, OCSP responses and CA certificates of a private certificate authority.',
  },
  enroll: {
    title: 'Signet: enrollment with ACME and EST',
    text:
      'This listener issues certificates with ACME (RFC 8555) and EST (RFC 7030). Give an ACME client the directory URL ' +
      '<code>https://HOST/acme/NAME/directory</code>, and an EST client the URL <code>https://HOST/.well-known/est/NAME</code>. HOST ' +
      'is the address of this page, and NAME is the name of the endpoint, which its administrator knows.',
  },
} as const

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  // Other clients receive the API's response at the root URL.
  vary: 'Accept',
} as const

/**
 * On the public listener and the enrollment listener, no other route serves `GET /`, so every client receives the landing page.
 */
const accepts: Readonly<Record<keyof typeof pages, (head: RequestHead) => boolean>> = {
  api: isBrowserAtRoot,
  public: isRoot,
  enroll: isRoot,
}

/**
 * The route of the landing page, `GET /`. A request whose URL contains a query, such as a presigned URL, belongs to another
 * route.
 */
export function landingRoute(listener: keyof typeof pages): Route {
  const answer: Answer = { status: 200, headers, body: htmlOf(pages[listener]) }
  return {
    methods: ['GET', 'HEAD'],
    path: (head) => (accepts[listener](head) ? '' : undefined),
    handler: {
      answer: () => answer,
      fail: (error, _head, requestId) => errorAnswer(error, requestId),
    },
  }
}

function isRoot({ localPath, query }: RequestHead): boolean {
  return localPath === '/' && query.names.size === 0
}

/** Returns whether a browser requests the root of a listener. */
export function isBrowserAtRoot({ localPath, query, headers: sent }: RequestHead): boolean {
  if (localPath !== '/' || query.names.size > 0 || sent.has('authorization')) return false
  return sent.get('accept')?.some((value) => /(?:^|[,\s])text\/html\b/i.test(value)) ?? false
}

function htmlOf({ title, text }: { readonly title: string; readonly text: string }): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<p>${text}</p>
<p>Version ${version()}. The documentation is in the folder <code>docs</code> of the package <code>signet-ca</code>.</p>
</html>
`
}
