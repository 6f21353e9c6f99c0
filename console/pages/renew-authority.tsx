/** The page that renews a CA. The page shows the next certificate before anything is issued. */
import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import StatusIndicator from '@cloudscape-design/components/status-indicator'
import Tiles from '@cloudscape-design/components/tiles'
import { useRef, useState, type ReactNode } from 'react'
import type { RenewalPlan } from '../../src/client-commands/authority/renewal-plan.ts'
import { stepTexts, type Step } from '../api/certify-authority.ts'
import {
  planOf,
  readRenewable,
  renewAuthority,
  type RenewableAuthority,
} from '../api/renew-authority.ts'
import type { PageProps } from '../app/pages.ts'
import { hrefOf, navigate } from '../app/router.ts'
import { useCall } from '../app/use-call.ts'
import { Breadcrumbs } from '../widgets/breadcrumbs.tsx'
import { ConfirmDialog } from '../widgets/confirm-dialog.tsx'
import { subjectText, visibleText } from '../widgets/format.ts'
import { LoadedView } from '../widgets/loaded-view.tsx'
import { ForeignText, Time } from '../widgets/values.tsx'
import { ExternalIssuer } from './authority/external-issuer.tsx'

export function Page({ parameter: arn }: PageProps): ReactNode {
  const loaded = useCall(`renew ${arn}`, async (client, signal) => {
    const input = { CertificateAuthorityArn: arn }
    const output = await client.call('DescribeCertificateAuthority', input, { signal })
    const { CertificateAuthority: authority } = output
    return { authority, renewable: await readRenewable(client, authority, signal) }
  })
  const { value } = loaded
  const name =
    value && visibleText(subjectText(value.authority.CertificateAuthorityConfiguration.Subject))
  return (
    <SpaceBetween size="l">
      <Breadcrumbs
        items={[
          { text: 'Certificate authorities', path: 'authorities' },
          { text: name ?? 'CA', path: `authorities/${arn}` },
        ]}
        current="Renew"
      />
      <Header variant="h1">{`Renew ${name ?? 'CA'}`}</Header>
      <LoadedView loaded={loaded} what="the CA and its issuer" action="Read the CA">
        {({ authority, renewable }) =>
          renewable === undefined ? (
            <Alert type="info">
              The CA is in the state {authority.Status} and has no certificate to renew.
            </Alert>
          ) : (
            <RenewalForm renewable={renewable} name={name ?? ''} />
          )
        }
      </LoadedView>
    </SpaceBetween>
  )
}

type Way = 'same-key' | 'new-key' | 'external'

interface RenewalFormProps {
  readonly renewable: RenewableAuthority
  readonly name: string
}

function RenewalForm({ renewable, name }: RenewalFormProps): ReactNode {
  const { authority, issuer } = renewable
  const isSubordinate = authority.Type === 'SUBORDINATE'
  const [way, setWay] = useState<Way>(issuer === undefined ? 'external' : 'same-key')
  const [validity, setValidity] = useState('')
  const [isConfirming, setConfirming] = useState(false)
  const plan = planOf(renewable, validity, new Date())
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Key and issuer</Header>}>
        <Tiles
          ariaLabel="Key and issuer"
          value={way}
          columns={isSubordinate ? 3 : 2}
          items={[
            {
              value: 'same-key',
              label: 'Same key',
              description: isSubordinate
                ? 'The issuer on this server signs the next certificate of this CA. Issued certificates stay valid.'
                : 'The root CA signs its next certificate itself. Clients must trust the new root certificate.',
              disabled: issuer === undefined,
            },
            {
              value: 'new-key',
              label: 'New key',
              description:
                'A successor CA with the same configuration and a new key is created. This CA does not change.',
              disabled: issuer === undefined,
            },
            ...(isSubordinate
              ? [
                  {
                    value: 'external',
                    label: 'External issuer',
                    description:
                      'Another issuer signs a CSR with the same key, and you import the certificate.',
                  },
                ]
              : []),
          ]}
          onChange={({ detail }) => setWay(detail.value as Way)}
        />
      </Container>
      {way === 'external' ? (
        <ExternalIssuer
          authority={authority}
          onChanged={() => navigate(hrefOf(`authorities/${authority.Arn}`))}
        />
      ) : (
        <SpaceBetween size="l">
          <PlanView
            renewable={renewable}
            plan={plan}
            isNewKey={way === 'new-key'}
            validity={validity}
            onValidity={setValidity}
          />
          <Button
            variant="primary"
            disabled={typeof plan === 'string'}
            onClick={() => setConfirming(true)}
          >
            {way === 'new-key' ? 'Create successor' : 'Renew'}
          </Button>
        </SpaceBetween>
      )}
      {isConfirming && typeof plan !== 'string' && (
        <RenewalDialog
          renewable={renewable}
          plan={plan}
          name={name}
          isNewKey={way === 'new-key'}
          onClose={() => setConfirming(false)}
        />
      )}
    </SpaceBetween>
  )
}

interface PlanViewProps {
  readonly renewable: RenewableAuthority
  /** The renewal plan, or the reason why the CA cannot be renewed. */
  readonly plan: RenewalPlan | string
  readonly isNewKey: boolean
  readonly validity: string
  readonly onValidity: (validity: string) => void
}

function PlanView({ renewable, plan, isNewKey, validity, onValidity }: PlanViewProps): ReactNode {
  const { certificate, authority } = renewable
  const isPlanned = typeof plan !== 'string'
  return (
    <Container header={<Header variant="h2">Next certificate</Header>}>
      <SpaceBetween size="m">
        <FormField
          label="Validity"
          description="For example 5y, 18mo or 2031-01-31. If the field is empty, the validity period stays the same."
          errorText={isPlanned ? undefined : `${plan.charAt(0).toUpperCase()}${plan.slice(1)}.`}
        >
          <Input
            value={validity}
            spellcheck={false}
            onChange={({ detail }) => onValidity(detail.value.trim())}
          />
        </FormField>
        {isPlanned && (
          <KeyValuePairs
            columns={2}
            items={[
              { label: 'Subject', value: <ForeignText text={certificate.subject} /> },
              {
                label: 'Issuer',
                value: plan.type === 'ROOT' ? 'Itself' : <ForeignText text={plan.issuer.name} />,
              },
              { label: 'Valid until', value: <EndOf plan={plan} /> },
              {
                label: 'Current certificate valid until',
                value: <Time seconds={certificate.notAfter} relative />,
              },
              {
                label: 'Key',
                value: isNewKey
                  ? `New key, ${authority.CertificateAuthorityConfiguration.KeyAlgorithm}`
                  : `Same key, ${certificate.key}`,
              },
              { label: 'Template', value: plan.content.template },
              {
                label: 'Other extensions',
                value: extensionText(renewable, plan),
              },
            ]}
          />
        )}
      </SpaceBetween>
    </Container>
  )
}

function EndOf({ plan: { validity } }: { readonly plan: RenewalPlan }): ReactNode {
  if ('until' in validity) return <Time seconds={validity.until.getTime() / 1000} relative />
  if ('days' in validity) return `${validity.days} days from now`
  if ('years' in validity) return `${validity.years} years from now`
  return `${validity.Value} ${validity.Type.toLowerCase()} from now`
}

/** Lists the extensions of the current certificate that are copied to the next certificate. */
function extensionText({ certificate }: RenewableAuthority, { content }: RenewalPlan): string {
  const oids = content.apiPassthrough?.Extensions?.CustomExtensions?.map(
    ({ ObjectIdentifier }) => ObjectIdentifier,
  )
  const names = certificate.extensions
    .filter(({ oid }) => oids?.includes(oid))
    .map(({ name }) => name)
  return names.length === 0 ? 'None' : `${names.join(', ')} (as before)`
}

interface RenewalDialogProps {
  readonly renewable: RenewableAuthority
  readonly plan: RenewalPlan
  readonly name: string
  readonly isNewKey: boolean
  readonly onClose: () => void
}

function RenewalDialog({
  renewable,
  plan,
  name,
  isNewKey,
  onClose,
}: RenewalDialogProps): ReactNode {
  const [idempotencyToken] = useState(() => crypto.randomUUID())
  const [step, setStep] = useState<Step>()
  const renewedArn = useRef(renewable.authority.Arn)
  return (
    <ConfirmDialog
      title={isNewKey ? `Create a successor of ${name}?` : `Renew ${name}?`}
      action={isNewKey ? 'Create successor' : 'Renew'}
      confirmation="renew"
      onConfirm={async (client) => {
        const request = { renewable, plan, isNewKey, idempotencyToken }
        renewedArn.current = await renewAuthority(client, request, setStep)
      }}
      onClose={onClose}
      done={isNewKey ? 'The successor is active.' : `${name} has its next certificate.`}
      onDone={() => navigate(hrefOf(`authorities/${renewedArn.current}`))}
    >
      <Alert type="warning">{consequences(plan, isNewKey)}</Alert>
      {step !== undefined && (
        <StatusIndicator type="in-progress">{stepTexts[step]}</StatusIndicator>
      )}
    </ConfirmDialog>
  )
}

function consequences({ type, issuer }: RenewalPlan, isNewKey: boolean): string {
  const signer =
    type === 'ROOT' ? 'The CA signs the certificate itself' : `${issuer.name} signs the certificate`
  const trust =
    type === 'ROOT'
      ? ' Install the new root certificate on clients before they need the certificate.'
      : ''
  return isNewKey
    ? `A CA with a new key is created. ${signer}. Afterwards, issue certificates from the successor, and disable this CA when you no longer need it.${trust}`
    : `${signer}, and the certificate replaces the current one. New certificates are issued with the new chain.${trust}`
}
