// Issues a certificate with the same calls as cert-manager's aws-privateca-issuer, using the AWS SDK for Go v2.
//
// Standard input: JSON of the request. Credentials and Region come from the environment. Standard output: JSON of the
// result.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/acmpca"
	"github.com/aws/aws-sdk-go-v2/service/acmpca/types"
)

type request struct {
	Endpoint, Authority, Template, Csr, Token string
	NotAfter                                  int64
}

type result struct {
	SigningAlgorithm, CertificateArn, Certificate, Chain string
}

func main() {
	var input request
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		fail(err)
	}
	output, err := issue(context.Background(), input)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(output); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func issue(ctx context.Context, input request) (result, error) {
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return result{}, err
	}
	endpoint := acmpca.EndpointResolverFromURL(input.Endpoint)
	client := acmpca.NewFromConfig(settings, acmpca.WithEndpointResolver(endpoint))
	authority := aws.String(input.Authority)
	described, err := client.DescribeCertificateAuthority(ctx,
		&acmpca.DescribeCertificateAuthorityInput{CertificateAuthorityArn: authority})
	if err != nil {
		return result{}, err
	}
	algorithm := described.CertificateAuthority.CertificateAuthorityConfiguration.SigningAlgorithm
	issued, err := client.IssueCertificate(ctx, &acmpca.IssueCertificateInput{
		CertificateAuthorityArn: authority,
		SigningAlgorithm:        algorithm,
		TemplateArn:             aws.String(input.Template),
		Csr:                     []byte(input.Csr),
		Validity:                &types.Validity{Type: types.ValidityPeriodTypeAbsolute, Value: &input.NotAfter},
		IdempotencyToken:        aws.String(input.Token),
	})
	if err != nil {
		return result{}, err
	}
	identifiers := &acmpca.GetCertificateInput{CertificateAuthorityArn: authority, CertificateArn: issued.CertificateArn}
	if err := acmpca.NewCertificateIssuedWaiter(client).Wait(ctx, identifiers, time.Minute); err != nil {
		return result{}, err
	}
	found, err := client.GetCertificate(ctx, identifiers)
	if err != nil {
		return result{}, err
	}
	return result{string(algorithm), *issued.CertificateArn, *found.Certificate, *found.CertificateChain}, nil
}
