import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRegion, partitionOf } from './region.ts'

test('names of Regions are recognised, with their partition', () => {
  const regions = {
    'us-east-1': 'aws',
    'ap-southeast-7': 'aws',
    'mx-central-1': 'aws',
    'il-central-1': 'aws',
    'us-gov-west-1': 'aws-us-gov',
    'cn-north-1': 'aws-cn',
    'us-iso-east-1': 'aws-iso',
    'us-isob-east-1': 'aws-iso-b',
    'eu-isoe-west-1': 'aws-iso-e',
    'us-isof-south-1': 'aws-iso-f',
    'eusc-de-east-1': 'aws-eusc',
  }
  for (const [region, partition] of Object.entries(regions)) {
    assert.ok(isRegion(region), region)
    assert.equal(partitionOf(region), partition, region)
  }
})

test('what has not the form of a Region is none', () => {
  const others = [
    '',
    'us',
    'us-east',
    'US-EAST-1',
    'us-east-1 ',
    'us-east-100',
    'us--1',
    '*',
    'us-east-1\n',
  ]
  for (const text of others) assert.equal(isRegion(text), false, JSON.stringify(text))
  assert.equal(isRegion(`us${'-east'.repeat(10)}-1`), false)
  assert.equal(isRegion('a-'.repeat(50_000)), false)
})
