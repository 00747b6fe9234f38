package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type request struct {
	Op    string      `json:"op"`
	Vkey  string      `json:"vkey"`
	Text  string      `json:"text"`
	Line  string      `json:"line"`
	Proof []tlog.Hash `json:"proof"`
	Index int64       `json:"index"`
	Leaf  tlog.Hash   `json:"leaf"`
	Size  int64       `json:"size"`
	Root  tlog.Hash   `json:"root"`
	// Of the older tree.
	OldSize int64     `json:"oldSize"`
	OldRoot tlog.Hash `json:"oldRoot"`
}

func check(line []byte) error {
	var it request
	if err := json.Unmarshal(line, &it); err != nil {
		return err
	}
	switch it.Op {
	case "note":
		_, err := openNote(it.Vkey, []byte(it.Text))
		return err
	case "checkpoint":
		_, err := openCheckpoint(it.Vkey, []byte(it.Text))
		return err
	case "proof":
		_, _, err := checkProof(it.Vkey, []byte(it.Text), []byte(it.Line))
		return err
	case "record":
		return tlog.CheckRecord(it.Proof, it.Size, it.Root, it.Index, it.Leaf)
	case "tree":
		return tlog.CheckTree(it.Proof, it.Size, it.Root, it.OldSize, it.OldRoot)
	}
	return fmt.Errorf("unknown op %q", it.Op)
}

func openNote(vkey string, text []byte) (*note.Note, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	return note.Open(text, note.VerifierList(verifier))
}

type treeHead struct {
	origin string
	size   int64
	root   tlog.Hash
}

// openCheckpoint reads c2sp.org/tlog-checkpoint: origin, size and root, signed by the origin's key.
func openCheckpoint(vkey string, text []byte) (treeHead, error) {
	opened, err := openNote(vkey, text)
	if err != nil {
		return treeHead{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		return treeHead{}, errors.New("a checkpoint has three lines")
	}
	if lines[0] != opened.Sigs[0].Name {
		return treeHead{}, fmt.Errorf("%s is signed by %s", lines[0], opened.Sigs[0].Name)
	}
	size, err := decimal(lines[1])
	if err != nil {
		return treeHead{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return treeHead{lines[0], size, root}, err
}

// checkProof reads c2sp.org/tlog-proof@v1 and looks for the record's line, without its newline, in the signed tree.
func checkProof(vkey string, proof []byte, line []byte) (int64, treeHead, error) {
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
	signed, err := openCheckpoint(vkey, []byte(checkpoint))
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
