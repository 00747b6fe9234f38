// Checks that a record is in a signed log, with the packages that Go's own checksum database is made of.
//
//	go run . VKEYS RECORD PROOF
//
// VKEYS holds the keys whose signatures count, a line each; RECORD is the stored line; PROOF is a C2SP tlog-proof.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 4 {
		fail("usage: go run . VKEYS RECORD PROOF")
	}
	record := read(os.Args[2])
	head, checkpoint, found := strings.Cut(string(read(os.Args[3])), "\n\n")
	if !found {
		fail("the proof has no checkpoint")
	}

	// The signature: by one of the keys, under the name of the stream.
	signed, err := note.Open([]byte(checkpoint), note.VerifierList(verifiers(os.Args[1])...))
	if err != nil {
		fail("the checkpoint is not signed by a key that counts: " + err.Error())
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 {
		fail("the note is no checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("the checkpoint has no size")
	}

	// The record: its place, and the hashes that lead from it to the signed root.
	index, path := parse(head)
	err = tlog.CheckRecord(path, size, hash(lines[2]), index, tlog.RecordHash(record))
	if err != nil {
		fail("the record is not in the signed tree: " + err.Error())
	}
	fmt.Printf("record %d of %d in %s\n", index, size, lines[0])
	for _, signature := range signed.Sigs {
		fmt.Printf("signed by %s, key %08x\n", signature.Name, signature.Hash)
	}
}

func verifiers(file string) []note.Verifier {
	var list []note.Verifier
	for _, vkey := range strings.Fields(string(read(file))) {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			fail("no vkey: " + err.Error())
		}
		list = append(list, verifier)
	}
	return list
}

func parse(head string) (index int64, path tlog.RecordProof) {
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("no tlog-proof of version 1")
	}
	found := false
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "extra ") {
			continue // carries the record once more; nothing has signed it
		}
		if text, ok := strings.CutPrefix(line, "index "); ok {
			number, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				fail("no index")
			}
			index, found = number, true
			continue
		}
		path = append(path, hash(line))
	}
	if !found {
		fail("no index")
	}
	return index, path
}

func hash(text string) (h tlog.Hash) {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(bytes) != len(h) {
		fail("no hash: " + text)
	}
	copy(h[:], bytes)
	return h
}

func read(file string) []byte {
	bytes, err := os.ReadFile(file)
	if err != nil {
		fail(err.Error())
	}
	return bytes
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
