/** The input for choosing a template, with a description of the certificates that the template produces. */
import FormField from '@cloudscape-design/components/form-field'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { offeredTemplates, templateFacts } from './templates.ts'

interface TemplateFieldProps {
  readonly template: string
  readonly onSelect: (template: string) => void
}

export function TemplateField({ template, onSelect }: TemplateFieldProps): ReactNode {
  const { purpose, basicConstraints, keyUsage, extendedKeyUsage, fromCsr } = templateFacts(template)
  return (
    <SpaceBetween size="s">
      <FormField
        label="Template"
        description="The template determines the purposes for which the certificate can be used."
      >
        <Select
          filteringType="auto"
          options={offeredTemplates}
          selectedOption={offeredTemplates.find(({ value }) => value === template) ?? null}
          onChange={({ detail }) => onSelect(detail.selectedOption.value ?? template)}
        />
      </FormField>
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Purpose', value: purpose },
          { label: 'Key usage', value: keyUsage },
          { label: 'Extended key usage', value: extendedKeyUsage },
          { label: 'Basic constraints', value: basicConstraints },
          { label: 'Taken from the CSR', value: fromCsr },
        ]}
      />
    </SpaceBetween>
  )
}
