// Parses certificates with Go's crypto/x509.
//
// Standard input: base64 of DER, one certificate a line. Standard output: one line each, empty if it was parsed, otherwise
// the error.
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
