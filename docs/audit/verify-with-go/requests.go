package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// What Lelu's own tests ask, a JSON line each: that Go takes and refuses the same as we do.
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

type answer struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

func answerAll(in io.Reader, out io.Writer) error {
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
			return err
		}
	}
	return lines.Err()
}
