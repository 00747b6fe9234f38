// Checks records of a Lelu audit log with the code of Go's checksum database, and nothing of Lelu's:
// golang.org/x/mod/sumdb/note for signatures, golang.org/x/mod/sumdb/tlog for hashes and proofs.
//
//	go run . PACK                 a pack of evidence: each checkpoint over all of its records, and each proof
//	go run . VKEYS RECORD PROOF   one record: VKEYS are the keys that count, a line each, of the type 0x01 and
//	                              named <log>/<stream>; RECORD is its stored line; PROOF is a C2SP tlog-proof
//	go run . --requests           answers JSON lines, for Lelu's own tests
//
// Exit codes: 0 right, 1 wrong, 2 called wrongly.
package main

import (
	"fmt"
	"os"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "--requests":
		finish(answerAll(os.Stdin, os.Stdout))
	case len(os.Args) == 2:
		finish(checkPack(os.Args[1]))
	case len(os.Args) == 4:
		index, head, err := checkProof(string(read(os.Args[1])), read(os.Args[3]), read(os.Args[2]))
		finish(err)
		fmt.Printf("signed and proved: record %d of the %d records of %s\n", index, head.size, head.origin)
	default:
		fmt.Fprintln(os.Stderr, "usage: go run . PACK | VKEYS RECORD PROOF")
		os.Exit(2)
	}
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return bytes
}

func finish(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "wrong:", err)
		os.Exit(1)
	}
}
