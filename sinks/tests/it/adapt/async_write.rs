use futures_util::FutureExt;
use thalweg::{
    Sink,
    prelude::*,
    sinks::{WriteError, Writer, async_write, encoding::Json},
};
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn a_slow_reader_holds_back() {
    let (ours, mut theirs) = tokio::io::duplex(4);
    let mut sink = async_write(ours, "a pipe");
    let mut batch = vec!["abcdef", "gh"];
    {
        let mut write = std::pin::pin!(sink.write(&mut batch));
        assert!(write.as_mut().now_or_never().is_none());
        let mut four = [0; 4];
        theirs.read_exact(&mut four).await.unwrap();
        write.await.unwrap();
    }
    assert!(batch.is_empty());
}

#[tokio::test]
async fn a_writer_that_failed_is_not_written_to_again() {
    let (ours, theirs) = tokio::io::duplex(4);
    drop(theirs);
    let mut sink = async_write(ours, "a pipe");
    let mut batch = vec!["abcdef"];
    let error = sink.write(&mut batch).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot write to a pipe: "), "{error}");
    assert!(matches!(sink.write(&mut batch).await, Err(WriteError::Open { .. })));
    assert_eq!(batch, ["abcdef"]);
}

#[tokio::test]
async fn any_encoding_will_do() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    [Some(1), None].flow().run_into(Writer::encoded(ours, "a pipe", Json)).await.unwrap();
    let mut received = String::new();
    theirs.read_to_string(&mut received).await.unwrap();
    assert_eq!(received, "1\nnull\n");
}
