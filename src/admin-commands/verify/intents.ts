/** Checks that certificates waiting for a signature match their database rows, so that the job finish-issuance can sign them. */
import type { Row } from '../../store/sql.ts'
import { intentOf } from '../../store/certificate-intents.ts'
import { textOf } from '../../store/columns.ts'
import { parseTbsCertificate } from '../../x509/certificate.ts'
import { serialNumberKey } from '../../x509/serial-number-text.ts'
import type { Signers } from './certificates.ts'
import type { Problems } from './problems.ts'

export function verifyIntent(row: Row, signers: Signers, problems: Problems): void {
  const intent = intentOf(row)
  const { authorityNumber, serialNumber, signerNumber } = intent
  const name = `the waiting certificate ${Buffer.from(serialNumber).toString('hex')} of the CA ${textOf(row, 'id')}`
  const signer = signerNumber === undefined ? undefined : signers.get(signerNumber)
  if (signerNumber !== undefined && signer?.authorityNumber !== authorityNumber)
    problems.add(`${name} refers to a CA certificate that is missing or unreadable`)
  try {
    const tbs = parseTbsCertificate(intent.tbsCertificateDer)
    const isSame =
      serialNumberKey(tbs.serialNumber) === serialNumberKey(serialNumber) &&
      tbs.notAfter.getTime() === intent.notAfter.getTime() &&
      (signer === undefined || Buffer.compare(tbs.issuer.der, signer.subject) === 0)
    if (!isSame) problems.add(`${name} does not match its row`)
  } catch (error) {
    problems.add(`${name} cannot be read: ${(error as Error).message}`)
  }
}
