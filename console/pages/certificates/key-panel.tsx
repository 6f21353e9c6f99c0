/** Downloads a private key that the browser generated, with or without its certificates. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { download } from '../../widgets/download.ts'
import type { CertificateDescription } from '../../x509/describe.ts'
import { markSaved } from '../../x509/session-keys.ts'
import { Pkcs12Dialog } from './pkcs12-dialog.tsx'

interface KeyPanelProps {
  readonly arn: string
  /** Private key as PKCS #8 in PEM. */
  readonly keyPem: string
  /** Name of the downloaded files, without extensions. */
  readonly name: string
  readonly certificate: CertificateDescription
  readonly chain: readonly CertificateDescription[]
}

export function KeyPanel({ arn, keyPem, name, certificate, chain }: KeyPanelProps): ReactNode {
  const [isSaved, setSaved] = useState(false)
  const [isPkcs12, setPkcs12] = useState(false)
  const save = (file: string, content: Parameters<typeof download>[1], type: string): void => {
    download(file, content, type)
    markSaved(arn)
    setSaved(true)
  }
  const pems = [certificate, ...chain].map(({ pem }) => pem)
  return (
    <>
      <Alert
        type={isSaved ? 'info' : 'warning'}
        header={isSaved ? 'The private key is in this browser tab' : 'Download the private key now'}
      >
        <SpaceBetween size="s">
          <div>
            The private key exists only in this tab. If you reload or close the page, or sign out,
            the key is lost, and you have to issue another certificate.
          </div>
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              iconName="download"
              onClick={() => save(`${name}.key`, keyPem, 'application/x-pem-file')}
            >
              Private key
            </Button>
            <Button iconName="download" onClick={() => setPkcs12(true)}>
              PKCS #12
            </Button>
            <Button
              iconName="download"
              onClick={() => download(`${name}-fullchain.pem`, pems.join(''))}
            >
              Certificate and chain
            </Button>
          </SpaceBetween>
        </SpaceBetween>
      </Alert>
      {isPkcs12 && (
        <Pkcs12Dialog
          keyPem={keyPem}
          friendlyName={name}
          certificates={[certificate, ...chain].map(({ der }) => der)}
          onFile={(content) => {
            save(`${name}.p12`, content, 'application/x-pkcs12')
            setPkcs12(false)
          }}
          onClose={() => setPkcs12(false)}
        />
      )}
    </>
  )
}
