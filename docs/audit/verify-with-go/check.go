package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// openNote takes a note that one of the keys has signed.
func openNote(vkeys string, text []byte) (*note.Note, error) {
	var verifiers []note.Verifier
	for _, vkey := range strings.Fields(vkeys) {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	return note.Open(text, note.VerifierList(verifiers...))
}

type treeHead struct {
	origin string
	size   int64
	root   tlog.Hash
}

// openCheckpoint reads c2sp.org/tlog-checkpoint: origin, size and root, signed by the origin's key.
func openCheckpoint(vkeys string, text []byte) (treeHead, error) {
	opened, err := openNote(vkeys, text)
	if err != nil {
		return treeHead{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		return treeHead{}, errors.New("a checkpoint has three lines")
	}
	// A key counts for the stream whose name it has, and for no other.
	for _, signature := range opened.Sigs {
		if lines[0] != signature.Name {
			return treeHead{}, fmt.Errorf("%s is signed by %s", lines[0], signature.Name)
		}
	}
	size, err := decimal(lines[1])
	if err != nil {
		return treeHead{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return treeHead{lines[0], size, root}, err
}

// checkProof reads c2sp.org/tlog-proof@v1 and looks for the record's line, without its newline, in the signed tree.
func checkProof(vkeys string, proof []byte, line []byte) (int64, treeHead, error) {
	head, checkpoint, found := strings.Cut(string(proof), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, treeHead{}, errors.New("no c2sp.org/tlog-proof@v1")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.DecodeString(lines[0][6:]); err != nil {
			return 0, treeHead{}, err
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return 0, treeHead{}, errors.New("no index")
	}
	index, err := decimal(lines[0][6:])
	if err != nil {
		return 0, treeHead{}, err
	}
	var hashes tlog.RecordProof
	for _, text := range lines[1:] {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return 0, treeHead{}, err
		}
		hashes = append(hashes, hash)
	}
	signed, err := openCheckpoint(vkeys, []byte(checkpoint))
	if err != nil {
		return 0, treeHead{}, err
	}
	leaf := tlog.RecordHash(bytes.TrimSuffix(line, []byte("\n")))
	return index, signed, tlog.CheckRecord(hashes, signed.size, signed.root, index, leaf)
}

func decimal(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 || strconv.FormatInt(number, 10) != text {
		return 0, fmt.Errorf("no number: %q", text)
	}
	return number, nil
}
