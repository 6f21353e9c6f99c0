/** The tab with the settings in effect. The server redacts secret settings. */
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import TextFilter from '@cloudscape-design/components/text-filter'
import Toggle from '@cloudscape-design/components/toggle'
import { useState, type ReactNode } from 'react'
import type { Server } from '../../api/types.ts'
import { Empty, ForeignText } from '../../widgets/values.tsx'

type Setting = Server['Settings'][number]

const sources: Readonly<Record<Setting['Source'], string>> = {
  FLAG: 'Flag',
  ENVIRONMENT: 'Environment variable',
  DEFAULT: 'Default',
}

export function Configuration({ settings }: { readonly settings: readonly Setting[] }): ReactNode {
  const [text, setText] = useState('')
  const [isChangedOnly, setChangedOnly] = useState(false)
  const shown = settings.filter(
    ({ Name, Value, Source }) =>
      (!isChangedOnly || Source !== 'DEFAULT') && `${Name} ${Value ?? ''}`.includes(text.trim()),
  )
  return (
    <Table
      variant="container"
      wrapLines
      enableKeyboardNavigation
      trackBy="Name"
      items={shown}
      ariaLabels={{ tableLabel: 'Configuration' }}
      columnDefinitions={[
        {
          id: 'name',
          header: 'Setting',
          isRowHeader: true,
          minWidth: 190,
          cell: ({ Name }) => `--${Name}`,
        },
        {
          id: 'value',
          header: 'Value',
          minWidth: 190,
          cell: ({ Value }) => (Value === undefined ? '–' : <ForeignText text={Value} />),
        },
        { id: 'source', header: 'Source', minWidth: 130, cell: ({ Source }) => sources[Source] },
        { id: 'group', header: 'Group', minWidth: 180, cell: ({ Group }) => Group },
      ]}
      header={
        <Header
          variant="h2"
          counter={`(${shown.length})`}
          description="To change a setting, change the flags or the environment of signet serve, and restart the server. Secrets are not shown."
        >
          Configuration
        </Header>
      }
      filter={
        <SpaceBetween direction="horizontal" size="l" alignItems="center">
          <TextFilter
            filteringText={text}
            filteringPlaceholder="Find a setting"
            filteringAriaLabel="Find a setting"
            onChange={({ detail }) => setText(detail.filteringText)}
          />
          <Toggle checked={isChangedOnly} onChange={({ detail }) => setChangedOnly(detail.checked)}>
            Without defaults
          </Toggle>
        </SpaceBetween>
      }
      empty={
        <Empty title="No setting matches">
          Enter a part of the name or value of a setting, or include settings with default values.
        </Empty>
      }
    />
  )
}
