/** A button that downloads a certificate as PEM, DER, or PEM with its chain. */
import ButtonDropdown from '@cloudscape-design/components/button-dropdown'
import type { ReactNode } from 'react'
import type { CertificateDescription } from '../x509/describe.ts'
import { download } from './download.ts'

interface DownloadButtonProps {
  /** Name of the downloaded file without its extension. */
  readonly name: string
  readonly certificate: CertificateDescription
  readonly chain: readonly CertificateDescription[]
}

export function DownloadButton({ name, certificate, chain }: DownloadButtonProps): ReactNode {
  const chainPem = chain.map(({ pem }) => pem).join('')
  const save: Readonly<Record<string, () => void>> = {
    pem: () => download(`${name}.pem`, certificate.pem, 'application/x-pem-file'),
    der: () => download(`${name}.cer`, certificate.der, 'application/pkix-cert'),
    full: () => download(`${name}-fullchain.pem`, certificate.pem + chainPem),
    chain: () => download(`${name}-chain.pem`, chainPem),
  }
  return (
    <ButtonDropdown
      items={[
        { id: 'pem', text: 'Certificate (PEM)' },
        { id: 'der', text: 'Certificate (DER)' },
        { id: 'full', text: 'Certificate and chain (PEM)', disabled: chain.length === 0 },
        { id: 'chain', text: 'Chain (PEM)', disabled: chain.length === 0 },
      ]}
      onItemClick={({ detail }) => save[detail.id]?.()}
    >
      Download
    </ButtonDropdown>
  )
}
