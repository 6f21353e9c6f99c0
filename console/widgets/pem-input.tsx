/** The input for PEM text, which users can paste, drop or read from a file. */
import FileUpload from '@cloudscape-design/components/file-upload'
import FormField from '@cloudscape-design/components/form-field'
import Textarea from '@cloudscape-design/components/textarea'
import { useState, type ReactNode } from 'react'
import { encodePem } from '../../src/x509/pem.ts'

interface PemInputProps {
  readonly value: string
  readonly label: string
  readonly description?: string
  readonly errorText?: string | undefined
  readonly onChange: (text: string) => void
  /** PEM label to use for a DER file; CERTIFICATE by default. */
  readonly derLabel?: string
}

const fileBytesMax = 2 * 1024 * 1024

export function PemInput(props: PemInputProps): ReactNode {
  const { value, label, description, errorText, onChange, derLabel = 'CERTIFICATE' } = props
  const [problem, setProblem] = useState<string>()
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return
    setProblem(file.size > fileBytesMax ? `${file.name} is larger than 2 MiB.` : undefined)
    if (file.size > fileBytesMax) return
    const bytes = new Uint8Array(await file.arrayBuffer())
    // DER starts with the tag of a SEQUENCE.
    const isDer = bytes[0] === 0x30 && bytes.some((byte) => byte >= 0x80)
    onChange(isDer ? encodePem(derLabel, bytes) : new TextDecoder('latin1').decode(bytes))
  }
  return (
    <div className="pem">
      <FormField label={`${label} (PEM)`} description={description} errorText={errorText} stretch>
        <Textarea
          value={value}
          rows={7}
          spellcheck={false}
          autoComplete={false}
          placeholder="-----BEGIN …"
          onChange={({ detail }) => onChange(detail.value)}
        />
      </FormField>
      <FileUpload
        value={[]}
        multiple={false}
        errorText={problem}
        onChange={({ detail }) => {
          read(detail.value[0]).catch(() => setProblem('The file cannot be read.'))
        }}
        i18nStrings={{
          uploadButtonText: () => 'Choose file',
          dropzoneText: () => 'Drop the file here',
          removeFileAriaLabel: () => 'Remove the file',
          errorIconAriaLabel: 'Error',
        }}
      />
    </div>
  )
}
