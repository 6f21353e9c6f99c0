/** Tests of the errors for options with the wrong name or the wrong type. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { checkOptions, dateRule, numberRule, oneOf, textRule, texts } from './check-options.ts'
import { createClient } from './index.ts'

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'hunter2' }
const client = createClient({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', credentials })
const ca = 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/1'
const validity = { days: 1 }
const names = ['localhost']
const subject = { CommonName: 'a' }

type Untyped = Readonly<Record<MethodName, (...values: unknown[]) => UntypedClient>>
type MethodName =
  | 'issue'
  | 'createHierarchy'
  | 'listTags'
  | 'listCertificates'
  | 'searchCertificates'
  | 'getPaginator'
  | 'paginate'
  | 'getWaiter'
  | 'wait'
  | 'generatePresignedUrl'

/** The client without its types, as JavaScript callers see it. */
interface UntypedClient extends Untyped, AsyncIterable<unknown> {}

/** A call that TypeScript would reject, and the message of the expected TypeError. */
const mistakes: [call: (client: UntypedClient) => unknown, message: string][] = [
  [
    () => createClient('eu-west-1' as never),
    'createClient must be called with an object, not a string',
  ],
  [
    () => createClient({ regoin: 'a' } as never),
    "createClient: unknown option 'regoin'; did you mean 'region'?",
  ],
  [
    () => createClient({ region: 5 } as never),
    "createClient: option 'region' must be a non-empty string, or a function that returns this value, not a number",
  ],
  [
    () => createClient({ endpoint: '127.0.0.1:8080' }),
    `createClient: option 'endpoint' must be an http or https URL, such as 'http://127.0.0.1:8080', or a function that returns this value, not "127.0.0.1:8080"`,
  ],
  [
    () => createClient({ credentials: 'hunter2' } as never),
    "createClient: option 'credentials' must be an object with the strings accessKeyId and secretAccessKey, or a function that returns this value, not a string",
  ],
  [(api) => api.issue(), 'issue must be called with an object, not undefined'],
  [
    (api) => api.issue({ ca }),
    "issue: option 'validity' is missing; it must be an object, such as { days: 30 }",
  ],
  [
    (api) => api.issue({ validity, names }),
    "issue: option 'ca' is missing; it must be the ARN, ID or CommonName of a CA, as a non-empty string",
  ],
  [
    (api) => api.issue({ ca, validity, names: 'localhost' }),
    "issue: option 'names' must be an array of strings, such as ['localhost', '127.0.0.1'], not a string",
  ],
  [
    (api) => api.issue({ ca, validity }),
    "issue: option 'names' must have at least one name, such as ['localhost'], unless 'csr' or 'subject' is given; 'names' is undefined",
  ],
  [
    (api) => api.issue({ ca, names, validity: { day: 1 } }),
    "issue: option 'validity' must be { days }, { years }, { until: Date } or { Value, Type }, such as { days: 30 }, not an object with 'day'",
  ],
  [
    (api) => api.issue({ ca, names, validity: { days: '1' } }),
    "issue: validity: option 'days' must be a number, not a string",
  ],
  [
    (api) => api.issue({ ca, names, validity, keyAlgorithm: 'P-256' }),
    `issue: option 'keyAlgorithm' must be one of 'RSA_2048', 'RSA_3072', 'RSA_4096', 'EC_prime256v1', 'EC_secp384r1', 'EC_secp521r1', 'ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87', not "P-256"`,
  ],
  [
    (api) => api.issue({ ca, names, validity, subject: { commonName: 'a' } }),
    "issue: subject: unknown option 'commonName'; did you mean 'CommonName'?",
  ],
  [
    (api) => api.issue({ ca, names, validity, waiter: { delay: 1 } }),
    "issue: waiter: unknown option 'delay'; did you mean 'Delay'?",
  ],
  [
    (api) => api.createHierarchy({ root: { subject }, isuing: { subject } }),
    "createHierarchy: unknown option 'isuing'; did you mean 'issuing'?",
  ],
  [
    (api) => api.createHierarchy({ root: { subject }, issuing: { subject, pathLength: 4 } }),
    "createHierarchy: issuing: option 'pathLength' must be one of 0, 1, 2, 3, not 4",
  ],
  [(api) => api.listTags(ca), 'listTags must be called with an object, not a string'],
  [
    (api) => api.listTags({}, { signal: undefined }),
    "listTags: unknown option 'signal'; the options are abortSignal",
  ],
  [
    (api) => api.listCertificates({ Status: 'valid' }),
    `listCertificates: option 'Status' must be one of 'VALID', 'EXPIRED', 'REVOKED', not "valid"`,
  ],
  [
    (api) => api.searchCertificates({ subject: 'a' })[Symbol.asyncIterator]().next(),
    "searchCertificates: unknown option 'subject'; did you mean 'Subject'?",
  ],
  [
    (api) => api.getPaginator('listTags').paginate({ PaginationConfig: { PageSize: '1' } }),
    "listTags: PaginationConfig: option 'PageSize' must be a number, not a string",
  ],
  [
    (api) => api.getPaginator('listTags').paginate(ca),
    'listTags: paginate must be called with an object, not a string',
  ],
  [
    (api) => api.getWaiter('certificateIssued').wait(),
    'certificateIssued: wait must be called with an object, not undefined',
  ],
  [
    (api) => api.generatePresignedUrl('listTags', {}, { expires: 5 }),
    "generatePresignedUrl: unknown option 'expires'; did you mean 'expiresIn'?",
  ],
]

for (const [call, message] of mistakes)
  test(`TypeError: ${message}`, async () => {
    await assert.rejects(async () => call(client as unknown as UntypedClient), {
      name: 'TypeError',
      message,
    })
  })

test('an error never contains the value of an option that can be a secret', () => {
  for (const wrong of ['hunter2', ['hunter2'], { accessKeyId: 'hunter2' }])
    assert.throws(
      () => createClient({ credentials: wrong } as never),
      ({ message }: Error) => !message.includes('hunter2'),
    )
})

test('checkOptions accepts exactly the values of its rules', () => {
  const rules = { a: textRule, b: numberRule, c: dateRule, d: texts("['x']"), e: oneOf('x', 1) }
  const accepted = fc.record(
    {
      a: fc.string({ minLength: 1 }),
      b: fc.double({ noNaN: true }),
      c: fc.date({ noInvalidDate: true }),
      d: fc.array(fc.string()),
      e: fc.constantFrom('x', 1),
    },
    { requiredKeys: [] },
  )
  fc.assert(fc.property(accepted, (options) => checkOptions('f', options, rules)))
  const wrong = fc.oneof(
    fc.boolean(),
    fc.constant(null),
    fc.object(),
    fc.constant(NaN),
    fc.constant(''),
  )
  fc.assert(
    fc.property(fc.constantFrom('a', 'b', 'c', 'd', 'e'), wrong, (name, value) => {
      assert.throws(() => checkOptions('f', { [name]: value }, rules), {
        name: 'TypeError',
        message: new RegExp(`^f: option '${name}' must be `),
      })
    }),
  )
})
