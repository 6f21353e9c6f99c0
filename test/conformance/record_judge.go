// Verifies a record with an independent implementation of RFC 6962, C2SP tlog-tiles and C2SP signed-note. It follows the
// recursive definitions in RFC 6962, 2.1. Reads JSON from standard input, and prints a line for each fault.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

type record struct {
	Key        string
	Checkpoint string
	Leaves     []string
	Tiles      map[string]string
	Inclusion  []struct {
		Index int
		Proof []string
	}
	Consistency []struct {
		From  int
		Proof []string
	}
}

func fault(format string, values ...any) { fmt.Printf(format+"\n", values...) }

func decode(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

func leafHash(data []byte) []byte {
	sum := sha256.Sum256(append([]byte{0}, data...))
	return sum[:]
}

func nodeHash(left, right []byte) []byte {
	sum := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return sum[:]
}

func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

// mth is MTH in RFC 6962, 2.1, over the hashes of leaves.
func mth(d [][]byte) []byte {
	if len(d) == 0 {
		sum := sha256.Sum256(nil)
		return sum[:]
	}
	if len(d) == 1 {
		return d[0]
	}
	k := split(len(d))
	return nodeHash(mth(d[:k]), mth(d[k:]))
}

// path is PATH in RFC 6962, 2.1.1.
func path(m int, d [][]byte) [][]byte {
	if len(d) <= 1 {
		return nil
	}
	k := split(len(d))
	if m < k {
		return append(path(m, d[:k]), mth(d[k:]))
	}
	return append(path(m-k, d[k:]), mth(d[:k]))
}

// subproof is SUBPROOF in RFC 6962, 2.1.2.
func subproof(m int, d [][]byte, whole bool) [][]byte {
	if m == len(d) {
		if whole {
			return nil
		}
		return [][]byte{mth(d)}
	}
	k := split(len(d))
	if m <= k {
		return append(subproof(m, d[:k], whole), mth(d[k:]))
	}
	return append(subproof(m-k, d[k:], false), mth(d[:k]))
}

func same(proof []string, expected [][]byte) bool {
	if len(proof) != len(expected) {
		return false
	}
	for i := range proof {
		if !bytes.Equal(decode(proof[i]), expected[i]) {
			return false
		}
	}
	return true
}

func checkNote(r record, root []byte) {
	parts := strings.SplitN(r.Key, "+", 3)
	typed := decode(parts[2])
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), typed...))
	if hex.EncodeToString(id[:4]) != parts[1] || typed[0] != 1 {
		fault("the ID of the key is wrong")
	}
	at := strings.LastIndex(r.Checkpoint, "\n\n")
	text, signature := r.Checkpoint[:at+1], r.Checkpoint[at+2:]
	prefix := "— " + parts[0] + " "
	if !strings.HasPrefix(signature, prefix) {
		fault("the signature line is malformed")
		return
	}
	signed := decode(strings.TrimSuffix(strings.TrimPrefix(signature, prefix), "\n"))
	if !bytes.Equal(signed[:4], id[:4]) || !ed25519.Verify(typed[1:], []byte(text), signed[4:]) {
		fault("the signature of the checkpoint is wrong")
	}
	lines := strings.Split(text, "\n")
	if lines[0] != parts[0] || lines[1] != strconv.Itoa(len(r.Leaves)) || !bytes.Equal(decode(lines[2]), root) {
		fault("the checkpoint is not that of the leaves")
	}
}

func tileName(level, number, width int) string {
	name := fmt.Sprintf("%03d", number%1000)
	for n := number / 1000; n > 0; n /= 1000 {
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	if width < 256 {
		name = fmt.Sprintf("%s.p/%d", name, width)
	}
	return fmt.Sprintf("tile/%d/%s", level, name)
}

func checkTiles(r record, hashes [][]byte) {
	count := 0
	for level, span := 0, 1; span <= len(hashes); level, span = level+1, span*256 {
		total := len(hashes) / span
		for number := 0; number*256 < total; number++ {
			width := total - number*256
			if width > 256 {
				width = 256
			}
			var expected []byte
			for i := number * 256; i < number*256+width; i++ {
				expected = append(expected, mth(hashes[i*span:(i+1)*span])...)
			}
			name := tileName(level, number, width)
			if tile, ok := r.Tiles[name]; !ok || !bytes.Equal(decode(tile), expected) {
				fault("%s is wrong", name)
			}
			count++
		}
	}
	if count != len(r.Tiles) {
		fault("%d tiles, not %d", len(r.Tiles), count)
	}
}

func main() {
	var r record
	if err := json.NewDecoder(os.Stdin).Decode(&r); err != nil {
		panic(err)
	}
	var hashes [][]byte
	for _, leaf := range r.Leaves {
		hashes = append(hashes, leafHash(decode(leaf)))
	}
	checkNote(r, mth(hashes))
	checkTiles(r, hashes)
	for _, each := range r.Inclusion {
		if !same(each.Proof, path(each.Index, hashes)) {
			fault("the inclusion proof of leaf %d is wrong", each.Index)
		}
	}
	for _, each := range r.Consistency {
		if !same(each.Proof, subproof(each.From, hashes, true)) {
			fault("the consistency proof from %d leaves is wrong", each.From)
		}
	}
}
