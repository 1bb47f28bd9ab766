use std::{error::Error, fs, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use tempfile::tempdir;
use thalweg::{
    prelude::*,
    sources::{Chunks, FileError, Lines, chunks},
};

use crate::contract::assert_conforms;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    // With a checksum, as its tool writes it.
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// More than is read at once, and not all the same.
fn text() -> Vec<u8> {
    let mut text = Vec::new();
    for n in 0..40_000_u32 {
        writeln!(text, "line {n} {}", n.wrapping_mul(2_654_435_761)).unwrap();
    }
    text
}

#[tokio::test]
async fn every_piece_but_the_last_has_the_size() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    let text = text();
    fs::write(&path, &text).unwrap();
    for size in [1000, 64 * 1024, 100_000, usize::MAX] {
        let pieces = Chunks::new(&path).size(size).flow();
        let pieces = pieces.collect::<Vec<_>>().await.unwrap();
        let (last, others) = pieces.split_last().unwrap();
        assert!(others.iter().all(|piece| piece.len() == size));
        assert!(!last.is_empty() && last.len() <= size);
        assert_eq!(pieces.concat(), text);
    }
    fs::write(&path, "").unwrap();
    assert_eq!(chunks(&path).count().await.unwrap(), 0, "none is empty");
}

#[tokio::test]
async fn it_conforms() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    fs::write(&path, "0123456789").unwrap();
    assert_conforms(|token| {
        let told = move |error: FileError| {
            let _ = &token;
            error.to_string()
        };
        Chunks::new(&path).size(1).flow().map_err(told)
    })
    .await;
}

#[tokio::test]
async fn errors_name_the_file_and_how_far_it_was_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    let mut flow = chunks(&path);
    let error = flow.next().await.unwrap_err();
    let expected = format!("cannot open {}: ", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert!(error.source().is_some());
    assert!(flow.next().await.unwrap().is_none(), "an error is the end");

    let mut flow = chunks(folder.path());
    let error = flow.next().await.unwrap_err();
    assert!(matches!(error, FileError::Read { position: 0, .. }), "{error}");
}

#[tokio::test]
async fn compressed_files_are_told_by_their_first_bytes_and_members_are_joined() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    let text = text();
    let half = text.len() / 2;
    let (front, back) = text.split_at(half);
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], &zstd(&text)[..]].concat();
    for content in [
        text.clone(),
        gzip(&text),
        [gzip(front), gzip(b""), gzip(back)].concat(),
        zstd(&text),
        [zstd(front), zstd(back)].concat(),
        skippable,
    ] {
        fs::write(&path, &content).unwrap();
        let pieces = Chunks::new(&path).decompress().size(5000).flow();
        assert!(pieces.collect::<Vec<_>>().await.unwrap().concat() == text);
        let lines = Lines::new(&path).decompress().flow();
        assert_eq!(lines.count().await.unwrap(), 40_000);
        let raw = chunks(&path).collect::<Vec<_>>().await.unwrap();
        assert!(raw.concat() == content, "only if it is asked for");
    }
    fs::write(&path, "").unwrap();
    assert_eq!(Chunks::new(&path).decompress().flow().count().await.unwrap(), 0);
}

#[tokio::test]
async fn compressed_data_that_is_cut_off_or_broken_is_an_error_after_what_came_before() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("in");
    let text = text();
    for (format, whole) in [("gzip", gzip(&text)), ("zstd", zstd(&text))] {
        fs::write(&path, &whole[..whole.len() - 10]).unwrap();
        let mut pieces = Chunks::new(&path).decompress().size(1000).flow();
        let mut seen = Vec::new();
        let error = loop {
            match pieces.next().await {
                Ok(Some(piece)) => seen.extend_from_slice(&piece),
                Ok(None) => panic!("the end is missing, and nobody says so"),
                Err(error) => break error,
            }
        };
        assert!(text.starts_with(&seen) && seen.len() > text.len() / 2);
        let expected = format!("after byte {}: cannot decompress {format}: ", seen.len());
        assert!(error.to_string().contains(&expected), "{error}");

        let error = Lines::new(&path).decompress().flow().count().await.unwrap_err();
        assert!(error.to_string().contains("cannot read line "), "{error}");

        let mut broken = whole;
        broken[200..400].fill(0xaa);
        fs::write(&path, &broken).unwrap();
        let error = Chunks::new(&path).decompress().flow().count().await.unwrap_err();
        assert!(error.to_string().contains("cannot decompress"), "{error}");
    }
}
