/**
 * Amazon Resource Names of ACM PCA (Service Authorization Reference, AWS Private CA, resource types). Parsing is
 * strict and throws nothing: what is not exactly a name of its kind is undefined.
 */

/** The five parts that every ARN has after `arn`; `resource` may hold colons. */
export interface Arn {
  readonly partition: string
  readonly service: string
  /** Empty in the ARN of what belongs to no Region. */
  readonly region: string
  /** Empty in the ARN of what belongs to no account. */
  readonly accountId: string
  readonly resource: string
}

export interface CertificateAuthorityName {
  readonly partition: string
  readonly region: string
  /** Twelve digits. */
  readonly accountId: string
  /** Lower-case UUID. */
  readonly id: string
}

export interface CertificateName {
  readonly partition: string
  readonly region: string
  /** Twelve digits. */
  readonly accountId: string
  /** Lower-case UUID of the CA that issued it. */
  readonly authorityId: string
  /** Lower-case hex, 1 to 40 digits. */
  readonly serialNumberHex: string
}

export interface TemplateName {
  readonly partition: string
  /** `EndEntityCertificate`, without the version. */
  readonly name: string
}

const service = 'acm-pca'

/** No ARN that ACM PCA accepts is longer (AWS Private CA API, Arn); longer text is not looked at. */
const lengthMax = 200

const arnForm = /^arn:([\w+=/,.@-]+):([a-z0-9-]+):([\w+=/,.@-]*):(\d*):([^]+)$/
const partitionForm = /^[a-z0-9-]{1,32}$/
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
/** Partition, Region, account and id of a CA. One expression for all takes half as long as one for each. */
const authority = `arn:([a-z0-9-]{1,32}):${service}:([a-z0-9-]{1,32}):(\\d{12}):certificate-authority/(${uuid})`
const authorityForm = new RegExp(`^${authority}$`)
const certificateForm = new RegExp(`^${authority}/certificate/([0-9a-f]{1,40})$`)
const templateForm = /^template\/(\w{1,100})\/V1$/

export function certificateAuthorityArn(name: CertificateAuthorityName): string {
  const { partition, region, accountId, id } = name
  return `arn:${partition}:${service}:${region}:${accountId}:certificate-authority/${id}`
}

/**
 * ARN of a certificate: that of its CA and the serial number in lower-case hex, two digits a byte. `serialNumber`
 * are the content bytes of the DER INTEGER (RFC 5280 §4.1.2.2).
 */
export function certificateArn(authorityArn: string, serialNumber: Uint8Array): string {
  return `${authorityArn}/certificate/${Buffer.from(serialNumber).toString('hex')}`
}

/** The parts of an ARN of any service; undefined if the text is none, or longer than 200 characters. */
export function parseArn(text: string): Arn | undefined {
  const [matched, partition = '', name = '', region = '', accountId = '', resource = ''] = groups(
    arnForm,
    text,
  )
  if (matched === undefined) return undefined
  return { partition, service: name, region, accountId, resource }
}

/** Undefined unless the text is the ARN of a CA, `…:certificate-authority/` and a lower-case UUID. */
export function parseCertificateAuthorityArn(text: string): CertificateAuthorityName | undefined {
  const [matched, partition = '', region = '', accountId = '', id = ''] = groups(
    authorityForm,
    text,
  )
  return matched === undefined ? undefined : { partition, region, accountId, id }
}

/** Undefined unless the text is the ARN of a certificate, with its serial number in lower-case hex. */
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
 * Undefined unless the text is the ARN of version 1 of a template, which belongs to no Region and no account
 * (AWS Private CA User Guide, Template definitions). Which templates there are is not known here.
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
