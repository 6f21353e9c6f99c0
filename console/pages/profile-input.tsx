/** The input for a credentials file, and for choosing one of its profiles. */
import FormField from '@cloudscape-design/components/form-field'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import { useState, type ReactNode } from 'react'
import { endpointProblem, parseProfiles, type Profile } from '../api/profile.ts'
import { apiEndpoint } from '../app/router.ts'

export type ChosenProfile = Pick<Profile, 'credentials' | 'region'>

interface ProfileInputProps {
  readonly onChange: (profile: ChosenProfile | undefined) => void
}

export function ProfileInput({ onChange }: ProfileInputProps): ReactNode {
  const [text, setText] = useState('')
  const [name, setName] = useState<string>()
  const profiles = parseProfiles(text)
  const chosen = profiles.find((one) => one.name === name) ?? profiles[0]
  const problem = problemOf(text, chosen)
  const choose = (profile: Profile | undefined): void => {
    const isUsable = profile !== undefined && endpointProblem(profile, apiEndpoint) === undefined
    onChange(isUsable ? profile : undefined)
  }
  return (
    <SpaceBetween size="m">
      <FormField
        label="Content of a credentials file"
        description="For example, paste the file credentials from the data folder of the server."
        errorText={problem}
      >
        <Textarea
          value={text}
          rows={5}
          spellcheck={false}
          autoComplete={false}
          placeholder={'[default]\naws_access_key_id = …\naws_secret_access_key = …'}
          onChange={({ detail }) => {
            setText(detail.value)
            const found = parseProfiles(detail.value)
            choose(found.find((one) => one.name === name) ?? found[0])
          }}
        />
      </FormField>
      {profiles.length > 1 && chosen !== undefined && (
        <FormField label="Profile">
          <Select
            selectedOption={{ value: chosen.name, label: chosen.name }}
            options={profiles.map((profile) => ({ value: profile.name, label: profile.name }))}
            onChange={({ detail }) => {
              setName(detail.selectedOption.value)
              choose(profiles.find((one) => one.name === detail.selectedOption.value))
            }}
          />
        </FormField>
      )}
    </SpaceBetween>
  )
}

function problemOf(text: string, chosen: Profile | undefined): string | undefined {
  if (text.trim() === '') return undefined
  if (chosen === undefined)
    return 'No profile with aws_access_key_id and aws_secret_access_key was found.'
  return endpointProblem(chosen, apiEndpoint)
}
