/** Filters for access keys. */
import type { AccessKey } from '../../api/types.ts'
import type { SelectFilter } from '../../lists/list-view.ts'

const daySeconds = 86_400

export const statusFilter: SelectFilter<AccessKey> = {
  name: 'status',
  label: 'Status',
  options: [
    { value: '', label: 'All states' },
    { value: 'Active', label: 'Active' },
    { value: 'Inactive', label: 'Inactive' },
  ],
  matches: ({ Status }, value) => Status === value,
}

/** Returns the filter for the time of last use. An access key created within the period is treated as used. */
export function unusedFilter(now: number): SelectFilter<AccessKey> {
  return {
    name: 'unused',
    label: 'Last use',
    options: [
      { value: '', label: 'Any last use' },
      { value: 'never', label: 'Never used' },
      { value: '30', label: 'Not used for 30 days' },
      { value: '90', label: 'Not used for 90 days' },
    ],
    matches({ CreateDate, LastUsedDate }, value) {
      if (value === 'never') return LastUsedDate === undefined
      return (LastUsedDate ?? CreateDate) < now / 1000 - Number(value) * daySeconds
    },
  }
}
