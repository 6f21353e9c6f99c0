/** The top bar, which contains the Region, the theme and the signed-in principal. */
import TopNavigation from '@cloudscape-design/components/top-navigation'
import { useState, type ReactNode } from 'react'
import { hrefOf, navigate } from './router.ts'
import { nameOfArn } from './role-arn.ts'
import { RegionDialog } from './region-dialog.tsx'
import { useSession } from './session.ts'
import { SwitchRoleDialog } from './switch-role-dialog.tsx'
import { chosenTheme, chooseTheme, type Theme } from './theme.ts'

const themes: readonly { readonly id: Theme; readonly text: string }[] = [
  { id: 'light', text: 'Light' },
  { id: 'dark', text: 'Dark' },
  { id: 'system', text: 'Same as the operating system' },
]

export function TopBar(): ReactNode {
  const { region, identity, origin, setRegion, switchBack, signOut } = useSession()
  const [theme, setTheme] = useState(chosenTheme)
  const [isRegionOpen, setRegionOpen] = useState(false)
  const [isRoleOpen, setRoleOpen] = useState(false)
  const home = hrefOf('')
  const name = nameOfArn(identity.arn)
  return (
    <>
      <TopNavigation
        identity={{
          href: home,
          title: 'Signet',
          onFollow: (event) => {
            event.preventDefault()
            navigate(home)
          },
        }}
        utilities={[
          {
            type: 'button',
            text: region,
            ariaLabel: `Region ${region}`,
            onClick: () => setRegionOpen(true),
          },
          {
            type: 'menu-dropdown',
            iconName: 'settings',
            ariaLabel: 'Theme',
            title: 'Theme',
            items: themes.map(({ id, text }) => ({
              id,
              text,
              itemType: 'checkbox' as const,
              checked: id === theme,
            })),
            onItemClick: ({ detail }) => {
              chooseTheme(detail.id as Theme)
              setTheme(detail.id as Theme)
            },
          },
          {
            type: 'menu-dropdown',
            iconName: 'user-profile',
            text: name,
            ariaLabel: `Principal ${name}`,
            description: `Account ${identity.account}`,
            items: [
              { id: 'switch-role', text: 'Switch role' },
              ...(origin?.kind === 'role'
                ? [{ id: 'switch-back', text: `Back to ${nameOfArn(origin.from.identity.arn)}` }]
                : []),
              { id: 'sign-out', text: 'Sign out' },
            ],
            onItemClick({ detail }) {
              if (detail.id === 'switch-role') setRoleOpen(true)
              else if (detail.id === 'switch-back') switchBack()
              else signOut()
            },
          },
        ]}
      />
      {isRoleOpen && <SwitchRoleDialog onClose={() => setRoleOpen(false)} />}
      {isRegionOpen && (
        <RegionDialog
          region={region}
          onClose={() => setRegionOpen(false)}
          onChoose={(chosen) => {
            setRegionOpen(false)
            setRegion(chosen)
          }}
        />
      )}
    </>
  )
}
