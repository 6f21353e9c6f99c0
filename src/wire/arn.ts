/**
 * Amazon Resource Names (ARNs) of AWS Private CA (Service Authorization Reference, AWS Private CA, resource types). Parsing is
 * strict: the result is undefined if a string is not exactly an ARN of the requested type.
 */

/** The five parts of an ARN that follow `arn`. `resource` may contain colons. */
export interface Arn {
  readonly partition: string
  readonly service: string
  /** Region of the resource; empty for a global resource. */
  readonly region: string
  /** Account ID; empty for a resource that belongs to no account, such as a template. */
  readonly accountId: string
  readonly resource: string
}

export interface CertificateAuthorityName {
  readonly partition: string
  readonly region: string
  /** Account ID, which has twelve digits. */
  readonly accountId: string
  /** ID of the CA, a UUID in lower case. */
  readonly id: string
}

export interface CertificateName {
  readonly partition: string
  readonly region: string
  /** Account ID, which has twelve digits. */
  readonly accountId: string
  /** ID of the issuing CA, a UUID in lower case. */
  readonly authorityId: string
  /** Serial number of the certificate, as 1 to 40 hexadecimal digits in lower case. */
  readonly serialNumberHex: string
}

export interface TemplateName {
  readonly partition: string
  /** Name of the template without its version, such as `EndEntityCertificate`. */
  readonly name: string
}

const service = 'acm-pca'

/** Maximum length of an ARN (AWS Private CA API, Arn). An ARN that exceeds this length is rejected without being parsed. */
const lengthMax = 200

const arnForm = /^arn:([\w+=/,.@-]+):([a-z0-9-]+):([\w+=/,.@-]*):(\d*):([^]+)$/
const partitionForm = /^[a-z0-9-]{1,32}$/
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
/**
 * Matches the partition, Region, account and ID in a CA's ARN. A single expression takes half as long as four separate
 * expressions.
 */
const authority = `arn:([a-z0-9-]{1,32}):${service}:([a-z0-9-]{1,32}):(\\d{12}):certificate-authority/(${uuid})`
const authorityForm = new RegExp(`^${authority}$`)
const certificateForm = new RegExp(`^${authority}/certificate/([0-9a-f]{1,40})$`)
const templateForm = /^template\/(\w{1,100})\/V1$/

export function certificateAuthorityArn(name: CertificateAuthorityName): string {
  const { partition, region, accountId, id } = name
  return `arn:${partition}:${service}:${region}:${accountId}:certificate-authority/${id}`
}

/**
 * Returns the ARN of a certificate. The ARN consists of the CA's ARN and the serial number in lower-case hexadecimal, with two
 * digits per byte. `serialNumber` contains the content bytes of the DER INTEGER (RFC 5280 §4.1.2.2).
 */
export function certificateArn(authorityArn: string, serialNumber: Uint8Array): string {
  return `${authorityArn}/certificate/${Buffer.from(serialNumber).toString('hex')}`
}

/**
 * Returns the ARN of a template. `template` is the name of the template with its version, such as `EndEntityCertificate/V1`.
 */
export function templateArn(partition: string, template: string): string {
  return `arn:${partition}:${service}:::template/${template}`
}

/**
 * Parses the ARN of a resource in any AWS service. Returns undefined if the text is not an ARN or is longer than 200
 * characters.
 */
export function parseArn(text: string): Arn | undefined {
  const [matched, partition = '', name = '', region = '', accountId = '', resource = ''] = groups(
    arnForm,
    text,
  )
  if (matched === undefined) return undefined
  return { partition, service: name, region, accountId, resource }
}

/**
 * Parses the ARN of a CA, which ends with `:certificate-authority/` and a UUID in lower case. Returns undefined for any other
 * string.
 */
export function parseCertificateAuthorityArn(text: string): CertificateAuthorityName | undefined {
  const [matched, partition = '', region = '', accountId = '', id = ''] = groups(
    authorityForm,
    text,
  )
  return matched === undefined ? undefined : { partition, region, accountId, id }
}

/**
 * Parses the ARN of a certificate, in which the serial number is in lower-case hexadecimal. Returns undefined for any other
 * string.
 */
export function parseCertificateArn(text: string): CertificateName | undefined {
  const [
    matched,
    partition = '',
    region = '',
    accountId = '',
    authorityId = '',
    serialNumberHex = '',
  ] = groups(certificateForm, text)
  if (matched === undefined) return undefined
  return { partition, region, accountId, authorityId, serialNumberHex }
}

/**
 * Parses the ARN of a template's version 1. The ARN contains neither Region nor account (AWS Private CA User Guide, Template
 * definitions). Returns undefined for any other string. Does not check whether the template exists.
 */
export function parseTemplateArn(text: string): TemplateName | undefined {
  const arn = parseArn(text)
  if (arn === undefined || arn.service !== service || !partitionForm.test(arn.partition))
    return undefined
  const name = templateForm.exec(arn.resource)?.[1]
  if (name === undefined || arn.region !== '' || arn.accountId !== '') return undefined
  return { partition: arn.partition, name }
}

function groups(form: RegExp, text: string): readonly string[] {
  return (text.length > lengthMax ? undefined : form.exec(text)) ?? []
}
