/** The page of an entry in the record. The browser decodes the entry's data and verifies the entry. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useEffect, type ReactNode } from 'react'
import { parseState } from '../../src/record/leaf-state.ts'
import type { Leaf } from '../../src/record/leaf.ts'
import { visibleJson } from '../../src/text/visible-text.ts'
import type { RecordEntryOutput } from '../api/types.ts'
import type { PageProps } from '../app/pages.ts'
import { hrefOf, useLocation } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { decodeEntry, hashOf, hexOf } from '../record/verify.ts'
import { Breadcrumbs } from '../widgets/breadcrumbs.tsx'
import { authorityId } from '../widgets/format.ts'
import { LoadedView } from '../widgets/loaded-view.tsx'
import { Copyable, ForeignText, PageLink, Time } from '../widgets/values.tsx'
import { kindText } from './activity/entry-text.ts'
import { keyId, useVerification, VerificationResult } from './activity/verification.tsx'

export function Page({ parameter }: PageProps): ReactNode {
  const { query } = useLocation()
  const ca = query.get('ca') ?? undefined
  const input = { Index: Number(parameter), ...(ca && { CertificateAuthorityArn: ca }) }
  const loaded = useCall(`entry ${parameter} ${ca}`, (client, signal) =>
    client.call('GetRecordEntry', input, { signal }),
  )
  return (
    <SpaceBetween size="l">
      <Breadcrumbs
        items={[{ text: 'Activity', path: 'activity' }]}
        current={`Entry ${parameter}`}
      />
      <LoadedView loaded={loaded} what="the entry">
        {(value) => <EntryView output={value} ca={ca} />}
      </LoadedView>
    </SpaceBetween>
  )
}

function EntryView({
  output,
  ca,
}: {
  readonly output: RecordEntryOutput
  readonly ca: string | undefined
}): ReactNode {
  const verification = useVerification()
  const leaf = decodeEntry(output)
  const { Entry: entry } = output
  const verify = (): void => verification.start([{ ...entry, LeafHash: hashOf(output) }], ca)
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- each entry is verified once when it is shown
  useEffect(verify, [output])
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <Button loading={verification.state.kind === 'running'} onClick={verify}>
            Verify again
          </Button>
        }
      >
        {kindText(entry)}
      </Header>
      <VerificationResult {...verification} />
      {leaf === undefined ? (
        <Alert type="error" header="The entry is malformed">
          The data of entry {entry.Index} was altered, so it cannot be displayed. On the server, run
          signet verify.
        </Alert>
      ) : (
        <LeafView leaf={leaf} output={output} />
      )}
      <Container header={<Header variant="h2">Place in the record</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Entry', value: entry.Index },
            { label: 'Entries in the checkpoint', value: output.TreeSize },
            { label: 'Key of the record', value: <ForeignText text={keyId(output.Key)} /> },
            { label: 'Hash', value: <Copyable text={entry.LeafHash} label="hash" /> },
          ]}
        />
      </Container>
    </SpaceBetween>
  )
}

function LeafView({
  leaf,
  output,
}: {
  readonly leaf: Leaf
  readonly output: RecordEntryOutput
}): ReactNode {
  const { CertificateAuthorityArn: arn } = output.Entry
  const serial = hexOf(leaf.serialNumber)
  const foreign = (label: string, text: string | undefined) =>
    text === undefined ? [] : [{ label, value: <ForeignText text={text} /> }]
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Details</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Time', value: <Time seconds={leaf.time.getTime() / 1000} relative /> },
            ...foreign('Principal', leaf.principal),
            ...foreign('Operating-system user', leaf.osUser),
            ...foreign('sudo by', leaf.sudoUser),
            ...foreign('Host', leaf.host),
            ...foreign('Command', leaf.command),
            ...(arn === undefined
              ? []
              : [
                  {
                    label: 'CA',
                    value: (
                      <PageLink href={hrefOf(`authorities/${arn}`)}>{authorityId(arn)}</PageLink>
                    ),
                  },
                ]),
            ...(serial === undefined
              ? []
              : [
                  {
                    label: 'Serial number',
                    value:
                      arn === undefined ? (
                        serial
                      ) : (
                        <PageLink href={hrefOf(`certificates/${arn}/certificate/${serial}`)}>
                          {serial}
                        </PageLink>
                      ),
                  },
                ]),
            ...foreign('SHA-256', hexOf(leaf.sha256)),
            ...foreign('Table', leaf.table),
            ...foreign('Key of the row', leaf.key),
          ]}
        />
      </Container>
      {leaf.detail !== undefined && <JsonView title="Event" text={jsonText(leaf.detail)} />}
      {leaf.state !== undefined && (
        <JsonView title="Row after the change" text={stateText(leaf.state)} />
      )}
    </SpaceBetween>
  )
}

function JsonView({ title, text }: { readonly title: string; readonly text: string }): ReactNode {
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <pre className="pem">{text}</pre>
    </Container>
  )
}

function jsonText(text: string): string {
  try {
    return visibleJson(JSON.stringify(JSON.parse(text), null, 2))
  } catch {
    return visibleJson(JSON.stringify(text))
  }
}

/** Columns that contain JSON are shown as JSON. */
function stateText(state: string): string {
  const columns = parseState(state)
  if (columns === undefined) return visibleJson(JSON.stringify(state))
  const members = [...columns].map(([name, value]) => [name, nested(value)])
  return visibleJson(JSON.stringify(Object.fromEntries(members), null, 2))
}

function nested(value: string | null): unknown {
  if (value === null || !/^[[{]/.test(value)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}
