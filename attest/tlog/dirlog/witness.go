package dirlog

import (
	"context"
	"os"

	"github.com/sealwright/sealwright/attest"
	"github.com/sealwright/sealwright/attest/tlog"
)

// cosignedFile holds the next checkpoint with its cosignatures until it takes the
// place of the one without.
const cosignedFile = ".checkpoint.cosigned"

// announce publishes the checkpoint of next; with witnesses, once they cosigned it.
// What a witness may have seen is durable before it sees it, and stays until it is
// published.
func announce(ctx context.Context, c Config, next *Reader) error {
	if c.Witness == nil {
		return publish(c.Root, next.signed)
	}
	if err := writeFile(c.Root, file{nextFile, next.signed}); err != nil {
		return err
	}
	if err := syncDir(c.Root, "."); err != nil {
		return err
	}
	return complete(ctx, c, next)
}

// complete publishes the checkpoint that stands in nextFile.
func complete(ctx context.Context, c Config, next *Reader) error {
	if c.Witness != nil {
		if err := cosign(ctx, c, next); err != nil {
			return err
		}
		if err := writeFile(c.Root, file{cosignedFile, next.signed}); err != nil {
			return err
		}
		if err := rename(c.Root, cosignedFile, nextFile); err != nil {
			return err
		}
	} else if err := syncFile(c.Root, nextFile); err != nil {
		return err
	}
	return rename(c.Root, nextFile, checkpointFile)
}

// cosign has the witnesses cosign the checkpoint of next and demands the quorum.
func cosign(ctx context.Context, c Config, next *Reader) error {
	view := *next // the caller's to keep
	lines, err := c.Witness(ctx, &view)
	if err != nil {
		return attest.Refuse(CodeWitness, "checkpoint", "cosignatures", "").Because(err)
	}
	signed, err := tlog.AddSignatures(next.signed, lines)
	if err != nil {
		return attest.Refuse(CodeWitness, "checkpoint", "signature lines", "").Because(err)
	}
	if _, err := c.Quorum.Witnessed(signed); err != nil {
		return attest.Refuse(CodeWitness, "checkpoint", "a quorum of witnesses", "").Because(err)
	}
	next.signed = signed
	return nil
}

func rename(root *os.Root, from, to string) error {
	if err := syncDir(root, "."); err != nil {
		return err
	}
	if err := root.Rename(from, to); err != nil {
		return attest.Refuse(CodeWrite, to, "the new checkpoint", "").Because(err)
	}
	return syncDir(root, ".")
}

// syncFile makes a file durable that an earlier process wrote.
func syncFile(root *os.Root, name string) error {
	f, err := root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return attest.Refuse(CodeWrite, name, "a file", "").Because(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return attest.Refuse(CodeWrite, name, "a durable file", "").Because(err)
	}
	return nil
}
