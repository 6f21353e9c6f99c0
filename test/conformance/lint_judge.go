// Parses certificates with Go's crypto/x509.
//
// Standard input: one certificate per line, in base64 of DER. Standard output: one line per certificate, empty if the
// certificate was parsed, otherwise the error.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func complaint(line string) string {
	der, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		panic(err)
	}
	if _, err := x509.ParseCertificate(der); err != nil {
		return strings.Trim(strconv.QuoteToASCII(err.Error()), "\"")
	}
	return ""
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fmt.Println(complaint(lines.Text()))
	}
}
