#!/bin/sh
# Creates a root CA, a subordinate CA and a server certificate with the AWS CLI.
# Arguments: AWS CLI, endpoint URL, folder for the PEM files, path of the server's CSR. Credentials and Region come from the
# environment.
set -eu
aws=$1 endpoint=$2 folder=$3 server_csr=$4
pca() { "$aws" acm-pca --endpoint-url "$endpoint" --output text "$@"; }

create() { # TYPE NAME
  pca create-certificate-authority --certificate-authority-type "$1" --certificate-authority-configuration \
    "KeyAlgorithm=EC_prime256v1,SigningAlgorithm=SHA256WITHECDSA,Subject={Organization=Signet Test,CommonName=$2}" \
    --tags Key=made-by,Value=cli --query CertificateAuthorityArn
}

issue() { # CA-ARN CSR TEMPLATE DAYS
  pca issue-certificate --certificate-authority-arn "$1" --csr "fileb://$2" --signing-algorithm SHA256WITHECDSA \
    --template-arn "arn:aws:acm-pca:::template/$3/V1" --validity "Value=$4,Type=DAYS" --query CertificateArn
}

fetch() { # CA-ARN CERTIFICATE-ARN MEMBER
  pca get-certificate --certificate-authority-arn "$1" --certificate-arn "$2" --query "$3"
}

root=$(create ROOT "CLI root")
pca wait certificate-authority-csr-created --certificate-authority-arn "$root"
pca get-certificate-authority-csr --certificate-authority-arn "$root" --query Csr >"$folder/root.csr"
certificate=$(issue "$root" "$folder/root.csr" RootCACertificate 3650)
pca wait certificate-issued --certificate-authority-arn "$root" --certificate-arn "$certificate"
fetch "$root" "$certificate" Certificate >"$folder/root.pem"
pca import-certificate-authority-certificate --certificate-authority-arn "$root" --certificate "fileb://$folder/root.pem"

subordinate=$(create SUBORDINATE "CLI subordinate")
pca wait certificate-authority-csr-created --certificate-authority-arn "$subordinate"
pca get-certificate-authority-csr --certificate-authority-arn "$subordinate" --query Csr >"$folder/subordinate.csr"
certificate=$(issue "$root" "$folder/subordinate.csr" SubordinateCACertificate_PathLen0 365)
fetch "$root" "$certificate" Certificate >"$folder/subordinate.pem"
fetch "$root" "$certificate" CertificateChain >"$folder/subordinate-chain.pem"
pca import-certificate-authority-certificate --certificate-authority-arn "$subordinate" \
  --certificate "fileb://$folder/subordinate.pem" --certificate-chain "fileb://$folder/subordinate-chain.pem"

certificate=$(issue "$subordinate" "$server_csr" EndEntityServerAuthCertificate 30)
fetch "$subordinate" "$certificate" Certificate >"$folder/leaf.pem"
fetch "$subordinate" "$certificate" CertificateChain >"$folder/chain.pem"

test "$(pca list-certificate-authorities --query 'length(CertificateAuthorities)')" -ge 2
test "$(pca list-tags --certificate-authority-arn "$root" --query 'Tags[0].Value')" = cli
pca update-certificate-authority --certificate-authority-arn "$subordinate" --status DISABLED
test "$(pca describe-certificate-authority --certificate-authority-arn "$subordinate" \
  --query CertificateAuthority.Status)" = DISABLED
pca delete-certificate-authority --certificate-authority-arn "$subordinate" --permanent-deletion-time-in-days 7
pca restore-certificate-authority --certificate-authority-arn "$subordinate"
pca update-certificate-authority --certificate-authority-arn "$subordinate" --status ACTIVE
