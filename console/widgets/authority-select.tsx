/** The input for choosing a CA. An account can have hundreds of CAs, so the list can be filtered by name and ID. */
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import type { ReactNode } from 'react'
import type { Authority } from '../api/types.ts'
import { authorityId, subjectText, visibleText } from './format.ts'

interface AuthoritySelectProps {
  readonly authorities: readonly Authority[]
  /** ARN of the selected CA; empty if no CA is selected. */
  readonly selected: string
  readonly onSelect: (arn: string) => void
  /** Label of the option that stands for all CAs; without a label, the option is omitted. */
  readonly all?: string
  readonly empty?: string
}

/** Number of CAs above which only the visible options are rendered. */
const virtualFrom = 50
const filteredFrom = 10

export function AuthoritySelect(props: AuthoritySelectProps): ReactNode {
  const { authorities, selected, onSelect, all, empty = 'No CA' } = props
  const options: SelectProps.Option[] = [
    ...(all === undefined ? [] : [{ value: '', label: all }]),
    ...authorities.map(({ Arn, CertificateAuthorityConfiguration: { Subject } }) => ({
      value: Arn,
      label: visibleText(subjectText(Subject)),
      description: authorityId(Arn),
    })),
  ]
  return (
    <Select
      placeholder="Select a CA"
      filteringType={options.length > filteredFrom ? 'auto' : 'none'}
      filteringPlaceholder="Find by name or ID"
      virtualScroll={options.length > virtualFrom}
      options={options}
      selectedOption={options.find(({ value }) => value === selected) ?? null}
      empty={empty}
      onChange={({ detail }) => onSelect(detail.selectedOption.value ?? '')}
    />
  )
}
