package io.tandem.models;

import io.tandem.graph.Composites;
import io.tandem.graph.Tensor;
import io.tandem.nn.Dense;
import io.tandem.nn.Embedding;
import io.tandem.nn.Lstm;
import io.tandem.nn.Network;
import io.tandem.nn.RecurrentOutput;
import io.tandem.tensor.DType;
import java.util.List;
import java.util.Optional;

/**
 * A recurrent encoder and decoder (Sutskever et al., 2014) with attention (Luong et al., 2015, global attention with the
 * "general" score): an LSTM reads the source, its final states start another one that reads the target so far; at each
 * target position, the encoder's outputs, weighted by their match, join the decoder's output for the next token.
 *
 * <p>Inputs: source tokens [N, S] and target tokens [N, T], int32 or int64; output: logits [N, T, target tokens]. In
 * training the target input is the true target, one position later and with a start token in front (teacher forcing);
 * {@link GreedyDecoder} feeds the model with its own output.
 *
 * @param source vectors of source tokens
 * @param target vectors of target tokens
 * @param encoder reads the source
 * @param decoder reads the target, of as many units and layers as the encoder
 * @param query from the decoder's outputs to what is looked for
 * @param combine from the weighted encoder outputs, joined with the decoder's, to what the output sees
 * @param output from there to logits
 * @param padding a source token that fills up shorter sources at their end and does not count, if there is one
 */
public record AttentionSeq2Seq(
        Embedding source,
        Embedding target,
        Lstm encoder,
        Lstm decoder,
        Dense query,
        Dense combine,
        Dense output,
        Optional<Integer> padding)
        implements Network {
    /** Checks that the encoder's states fit the decoder. */
    public AttentionSeq2Seq {
        if (encoder.options().units() != decoder.options().units()
                || encoder.options().layers() != decoder.options().layers()
                || encoder.options().bidirectional()
                || decoder.options().bidirectional()) {
            throw new IllegalArgumentException(
                    "encoder and decoder must run forward and have equal units and layers, so that the encoder's states"
                            + " can start the decoder; they are " + encoder.options() + " and " + decoder.options());
        }
    }

    /**
     * One layer on each side.
     *
     * @param sourceTokens size of the source vocabulary
     * @param targetTokens size of the target vocabulary, the start token included
     * @param units size of states and of token vectors
     */
    public static AttentionSeq2Seq of(int sourceTokens, int targetTokens, int units) {
        return new AttentionSeq2Seq(
                Embedding.of(sourceTokens, units),
                Embedding.of(targetTokens, units),
                Lstm.of(units),
                Lstm.of(units),
                Dense.of(units).withoutBias(),
                Dense.of(units).withoutBias(),
                Dense.of(targetTokens),
                Optional.empty());
    }

    /** This model with a source token that fills up shorter sources at their end; the layers stay the same. */
    public AttentionSeq2Seq withPadding(int token) {
        return new AttentionSeq2Seq(source, target, encoder, decoder, query, combine, output, Optional.of(token));
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs) {
        Tensor tokens = inputs.get(0);
        Optional<Tensor> mask = padding.map(p -> tokens.eq(p).not());
        Tensor embedded = source.apply(tokens);
        RecurrentOutput encoded = mask.map(m -> encoder.apply(embedded, List.of(), m.cast(DType.I32).sum(1)))
                .orElseGet(() -> encoder.apply(embedded, List.of()));
        Tensor decoded =
                decoder.apply(target.apply(inputs.get(1)), encoded.states()).outputs();
        Tensor memory = encoded.outputs().expandDims(1);
        Tensor context = Composites.attention(
                query.apply(decoded).expandDims(1),
                memory,
                memory,
                mask.map(m -> m.reshape(m.dim(0), 1, 1, m.dim(1))),
                false,
                1)
                .squeeze(1);
        Tensor seen = combine.apply(Tensor.concat(2, context, decoded)).tanh();
        return List.of(output.apply(seen));
    }
}
