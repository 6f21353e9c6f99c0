/** The tab with the server's last backup. */
import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Backup } from '../../api/types.ts'
import { useCall } from '../../app/use-call.ts'
import { LoadedView } from '../../widgets/loaded-view.tsx'
import { Copyable, Empty, ForeignText, Time } from '../../widgets/values.tsx'
import { sizeText } from './size-text.ts'

export function Backups(): ReactNode {
  const loaded = useCall('backups', (client, signal) => client.call('ListBackups', {}, { signal }))
  return (
    <SpaceBetween size="m">
      <LoadedView loaded={loaded} what="the last backup">
        {(value) => (
          <Container header={<Header variant="h2">Last backup</Header>}>
            {value.LastBackup === undefined ? (
              <NoBackup />
            ) : (
              <LastBackup backup={value.LastBackup} />
            )}
          </Container>
        )}
      </LoadedView>
    </SpaceBetween>
  )
}

function NoBackup(): ReactNode {
  return (
    <Empty title="No backup was made yet">
      Without a backup, all CAs are lost if the disk fails. On the server, run signet backup from a
      timer, and keep the file on another machine.
    </Empty>
  )
}

function LastBackup({ backup }: { readonly backup: Backup }): ReactNode {
  const { CreatedAt, File: file, Host: host, Sha256: sha256, EncryptedFor: keys = [] } = backup
  return (
    <SpaceBetween size="m">
      {file === undefined && (
        <Alert type="info">
          An earlier version of Signet wrote this backup, or the server was restored from this
          backup, so only the time of the backup is known.
        </Alert>
      )}
      <KeyValuePairs
        columns={3}
        items={[
          { label: 'Created', value: <Time seconds={CreatedAt} relative /> },
          ...(file === undefined
            ? []
            : [
                { label: 'File', value: <ForeignText text={file} /> },
                { label: 'Host', value: <ForeignText text={host ?? '–'} /> },
                { label: 'Size', value: sizeText(backup.SizeBytes ?? 0) },
                { label: 'Rows', value: (backup.Rows ?? 0).toLocaleString() },
                { label: 'Schema version', value: backup.SchemaVersion ?? '–' },
                { label: 'Encrypted for', value: keys.join(', ') },
                {
                  label: 'Master key',
                  value: backup.HasMasterKey ? 'In the backup' : 'Not in the backup',
                },
                { label: 'SHA-256', value: <Copyable text={sha256 ?? ''} label="SHA-256" /> },
              ]),
        ]}
      />
      <div>
        The server cannot read backups. To test a backup, restore it into an empty data folder on
        another machine.
      </div>
    </SpaceBetween>
  )
}
