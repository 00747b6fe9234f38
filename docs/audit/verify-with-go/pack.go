package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// checkPack checks every checkpoint and every proof of a pack by the keys in its vkeys.txt.
func checkPack(pack string) error {
	vkeys := string(read(filepath.Join(pack, "vkeys.txt")))
	var checkpoints, proofs []string
	err := filepath.WalkDir(pack, func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(filepath.Dir(path)) == "cp" {
			checkpoints = append(checkpoints, path)
		} else if filepath.Dir(path) == filepath.Join(pack, "proofs") && strings.HasSuffix(path, ".tlog-proof") {
			proofs = append(proofs, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(checkpoints) == 0 {
		return errors.New("there is no checkpoint: nobody has signed these records")
	}
	for _, path := range checkpoints {
		signed, err := openCheckpoint(vkeys, read(path))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		// <log>/s/<stream>/cp/<size>: what was signed is the stream that it lies with.
		folder := filepath.Dir(filepath.Dir(path))
		if filepath.Base(folder) != signed.origin[strings.LastIndex(signed.origin, "/")+1:] {
			return fmt.Errorf("%s is of %s", path, signed.origin)
		}
		if err := checkTree(filepath.Join(folder, "seg"), signed); err != nil {
			return fmt.Errorf("%s: %w", signed.origin, err)
		}
		fmt.Printf("signed: %d records of %s\n", signed.size, signed.origin)
	}
	for _, path := range proofs {
		record := read(strings.TrimSuffix(path, ".tlog-proof") + ".json")
		if _, _, err := checkProof(vkeys, read(path), record); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	fmt.Printf("proved: %d records of the sample\n", len(proofs))
	return nil
}

// checkTree makes the tree of the stored records, a line each, and compares its root with the one that was signed.
func checkTree(folder string, signed treeHead) error {
	segments, err := filepath.Glob(filepath.Join(folder, "*.jsonl.gz")) // in the order of their names
	if err != nil {
		return err
	}
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, hashes[index])
		}
		return found, nil
	})
	size := int64(0)
	for _, path := range segments {
		lines, err := readLines(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, line := range lines {
			if size == signed.size {
				break // what was written later is signed by nobody
			}
			more, err := tlog.StoredHashes(size, line, reader)
			if err != nil {
				return err
			}
			hashes = append(hashes, more...)
			size++
		}
	}
	if size < signed.size {
		return fmt.Errorf("%d records were signed, and there are %d", signed.size, size)
	}
	root, err := tlog.TreeHash(size, reader)
	if err == nil && root != signed.root {
		err = errors.New("its records are not those that were signed")
	}
	return err
}

func readLines(path string) ([][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	packed := bufio.NewReader(file)
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	unpacked.Multistream(false)
	bytes, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, err
	}
	if _, err := packed.ReadByte(); err != io.EOF {
		return nil, errors.New("bytes stand behind the end of the segment")
	}
	var lines [][]byte
	for _, line := range strings.SplitAfter(string(bytes), "\n") {
		if strings.HasSuffix(line, "\n") {
			lines = append(lines, []byte(strings.TrimSuffix(line, "\n")))
		}
	}
	return lines, nil
}
