/** The input for a CSR. The fields also show the CSR's contents and the extensions that the template ignores. */
import Alert from '@cloudscape-design/components/alert'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { RevocationConfiguration } from '../../api/types.ts'
import { ExtensionTable, NameList } from '../../widgets/certificate-details.tsx'
import { PemInput } from '../../widgets/pem-input.tsx'
import { ForeignText } from '../../widgets/values.tsx'
import { describeRequest, type RequestDescription } from '../../x509/describe.ts'
import { extensionOutcome, type ExtensionOutcome } from './templates.ts'

/** Parses a CSR from text. Both members are undefined if the text is empty. */
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
  /** The selected CA's revocation configuration. */
  readonly revocation: RevocationConfiguration | undefined
  readonly onChange: (text: string) => void
}

export function CsrFields({ text, template, revocation, onChange }: CsrFieldsProps): ReactNode {
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
      {request !== undefined && (
        <RequestView request={request} template={template} revocation={revocation} />
      )}
    </SpaceBetween>
  )
}

const outcomeTexts: Readonly<Record<ExtensionOutcome, string>> = {
  copied: 'Copied',
  template: 'Replaced by the template',
  ca: 'Replaced by the CA',
  dropped: 'Dropped',
}

interface RequestViewProps extends Pick<CsrFieldsProps, 'template' | 'revocation'> {
  readonly request: RequestDescription
}

function RequestView({ request, template, revocation }: RequestViewProps): ReactNode {
  const outcomeOf = ({ oid }: { readonly oid: string }): ExtensionOutcome =>
    extensionOutcome(template, oid, revocation)
  const dropped = request.extensions.filter((extension) => outcomeOf(extension) === 'dropped')
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
          The certificate will not contain the following extensions:{' '}
          <ForeignText text={dropped.map(({ name }) => name).join(', ')} />. A template with
          CSRPassthrough copies them.
        </Alert>
      )}
      <ExtensionTable
        extensions={request.extensions}
        empty="The CSR requests no extensions."
        outcome={(extension) => outcomeTexts[outcomeOf(extension)]}
      />
    </SpaceBetween>
  )
}
