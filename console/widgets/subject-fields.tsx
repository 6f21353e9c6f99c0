/** The inputs for a subject's attributes. */
import FormField from '@cloudscape-design/components/form-field'
import Grid from '@cloudscape-design/components/grid'
import Input from '@cloudscape-design/components/input'
import type { ReactNode } from 'react'

interface SubjectFieldsProps {
  readonly subject: Readonly<Record<string, string>>
  readonly nameDescription: string
  readonly onChange: (subject: Readonly<Record<string, string>>) => void
}

const attributes = [
  ['CommonName', 'Common name'],
  ['Organization', 'Organization'],
  ['OrganizationalUnit', 'Organizational unit'],
  ['Country', 'Country'],
  ['State', 'State'],
  ['Locality', 'Locality'],
] as const

const row = { colspan: 12 }
const column = { colspan: { default: 12, xs: 6 } }

export function SubjectFields(props: SubjectFieldsProps): ReactNode {
  const { subject, nameDescription, onChange } = props
  return (
    <Grid gridDefinition={attributes.map(([name]) => (name === 'CommonName' ? row : column))}>
      {attributes.map(([name, label]) => (
        <FormField
          key={name}
          label={label}
          description={name === 'CommonName' ? nameDescription : undefined}
        >
          <Input
            value={subject[name] ?? ''}
            spellcheck={false}
            autoComplete={false}
            placeholder={name === 'Country' ? 'DE' : ''}
            onChange={({ detail }) => onChange({ ...subject, [name]: detail.value })}
          />
        </FormField>
      ))}
    </Grid>
  )
}
