// Checks what the audit log has signed and proved with the code of Go's checksum database, and nothing of ours:
// golang.org/x/mod/sumdb/note for signatures, golang.org/x/mod/sumdb/tlog for proofs.
//
//	foreign-verifier note  <vkey> <checkpoint file>
//	foreign-verifier proof <vkey> <.tlog-proof file> <file with the one line of the record>
//	foreign-verifier           reads requests as JSON lines, answers each with {"ok": …, "error": …}
//
// <vkey> is a key of the type 0x01, whose name is <log>/<stream>. Exit codes: 0 right, 1 wrong, 2 called wrongly.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	switch {
	case len(os.Args) == 1:
		answerAll(os.Stdin, os.Stdout)
	case len(os.Args) == 4 && os.Args[1] == "note":
		head, err := openCheckpoint(os.Args[2], read(os.Args[3]))
		finish(err, "signed: %d records of %s, root %s\n", head.size, head.origin, head.root)
	case len(os.Args) == 5 && os.Args[1] == "proof":
		index, head, err := checkProof(os.Args[2], read(os.Args[3]), read(os.Args[4]))
		finish(err, "signed and proved: record %d of the %d records of %s\n", index, head.size, head.origin)
	default:
		fmt.Fprintln(os.Stderr, "usage: foreign-verifier [note <vkey> <file> | proof <vkey> <proof file> <record file>]")
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

func finish(err error, format string, words ...any) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "wrong:", err)
		os.Exit(1)
	}
	fmt.Printf(format, words...)
}

type answer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

func answerAll(in io.Reader, out io.Writer) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	answers := bufio.NewWriter(out)
	defer answers.Flush()
	encoder := json.NewEncoder(answers)
	for lines.Scan() {
		var one answer
		if err := check(lines.Bytes()); err != nil {
			one.Error = err.Error()
		} else {
			one.OK = true
		}
		if err := encoder.Encode(one); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}
