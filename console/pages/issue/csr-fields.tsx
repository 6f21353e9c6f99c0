/** The input for a CSR, with the CSR's contents and what the template will drop from it. */
import Alert from '@cloudscape-design/components/alert'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { ExtensionTable, NameList } from '../../widgets/certificate-details.tsx'
import { PemInput } from '../../widgets/pem-input.tsx'
import { ForeignText } from '../../widgets/values.tsx'
import { describeRequest, type RequestDescription } from '../../x509/describe.ts'
import { droppedExtensions } from './templates.ts'

/** Reads a CSR from text. Both members are undefined for empty text. */
export function csrOf(text: string): {
  readonly request?: RequestDescription
  readonly problem?: string
} {
  if (text.trim() === '') return {}
  try {
    return { request: describeRequest(text) }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

interface CsrFieldsProps {
  readonly text: string
  readonly template: string
  readonly onChange: (text: string) => void
}

export function CsrFields({ text, template, onChange }: CsrFieldsProps): ReactNode {
  const { request, problem } = csrOf(text)
  return (
    <SpaceBetween size="m">
      <PemInput
        value={text}
        onChange={onChange}
        label="CSR"
        errorText={problem}
        derLabel="CERTIFICATE REQUEST"
      />
      {request !== undefined && <RequestView request={request} template={template} />}
    </SpaceBetween>
  )
}

function RequestView({
  request,
  template,
}: {
  readonly request: RequestDescription
  readonly template: string
}): ReactNode {
  const dropped = droppedExtensions(template, request)
  return (
    <SpaceBetween size="m">
      <KeyValuePairs
        columns={2}
        items={[
          { label: 'Subject', value: <ForeignText text={request.subject || '(empty)'} /> },
          { label: 'Key', value: request.key },
        ]}
      />
      {request.names.length > 0 && <NameList names={request.names} />}
      {dropped.length > 0 && (
        <Alert type="warning" header="The template drops extensions of this CSR">
          The certificate will not have: {dropped.join(', ')}. A template with CSRPassthrough keeps
          them.
        </Alert>
      )}
      <ExtensionTable extensions={request.extensions} />
    </SpaceBetween>
  )
}
